"""What a change is worth: the measurement, and what is asked next."""
