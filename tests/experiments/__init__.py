"""What experiments compute."""
