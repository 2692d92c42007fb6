"""Tests of bioner.predict.writers."""
