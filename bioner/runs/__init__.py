"""What a run leaves behind: record, predictions, and the stages that runs share. No torch."""
