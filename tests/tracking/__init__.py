"""Tests of the runs in Weights & Biases."""
