"""What is read off the records of a study. Never trains, never opens a corpus."""
