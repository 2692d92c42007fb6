"""What this machine is and can do. Nothing of bioner but its errors is known here."""
