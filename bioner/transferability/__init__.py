"""Transferability: numbers that should say, before training, which source helps which target."""
