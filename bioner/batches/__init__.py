"""From sentences to the batches of a stage: pieces, cache, mixing, data module."""
