"""The verb `datasets`: what is in the catalogue, in a corpus, and wrong with it. No training."""
