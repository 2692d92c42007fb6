"""How results are told: each section turns frames into tables and figures with captions."""
