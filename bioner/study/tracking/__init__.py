"""Runs in Weights & Biases: who a run is there, what it shows, and what happens without a server."""
