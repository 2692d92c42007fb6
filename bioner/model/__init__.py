"""From a batch to tags: encoder, heads, loss weighting, metric, LightningModule."""
