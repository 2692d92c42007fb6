"""Reading: sentences, tags, file formats, the dataset catalogue. No torch."""
