"""Tests of bioner.predict."""
