"""Which detector of label errors to trust on these rows: each is tried on errors planted like the estimated ones."""
