"""What a finished run is good for: annotating text, other corpora, and other programs."""
