"""Tests of bioner.config."""
