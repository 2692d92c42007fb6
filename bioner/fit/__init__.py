"""From a corpus and a budget to a tagger: candidates are runs of a grid, and test chooses none."""
