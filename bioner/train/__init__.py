"""A stage, and a run as a list of stages."""
