"""What the readers and the writers of several formats have in common."""
