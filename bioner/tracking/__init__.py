"""Runs in Weights & Biases: who they are there, what they show, what happens without a server."""
