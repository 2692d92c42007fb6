"""Tests of bioner.fit."""
