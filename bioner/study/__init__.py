"""A stage, a run, the store of stages, the record."""
