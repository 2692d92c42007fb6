"""The version of what a config means."""

# Raised by hand when the same config would give other results: such runs are never compared.
SEMANTICS = 4
