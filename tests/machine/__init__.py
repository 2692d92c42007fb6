"""Tests of bioner.machine."""
