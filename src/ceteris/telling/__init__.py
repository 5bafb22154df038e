"""Results in words, and the report."""
