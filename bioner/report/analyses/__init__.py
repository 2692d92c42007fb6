"""Analyses: each a function from a tidy frame to a frame."""
