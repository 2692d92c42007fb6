"""Readers of what only prediction takes: plain text, and words in columns without gold."""
