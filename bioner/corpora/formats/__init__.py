"""Readers of the formats that keep documents and character offsets, one module a format."""
