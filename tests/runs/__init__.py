"""Tests of bioner.runs."""
