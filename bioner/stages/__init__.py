"""The verb `stages`: what the store of pretraining stages holds, and making room in it."""
