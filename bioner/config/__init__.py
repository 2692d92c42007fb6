"""The typed schema of every verb, its checks, what of it counts, and what Hydra needs to know."""
