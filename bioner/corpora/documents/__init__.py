"""From documents with marked spans to sentences of tagged words."""
