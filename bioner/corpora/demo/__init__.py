"""Small corpora that are made here, with known relations to each other."""
