"""Who may see what: the parts, and what leaks between them."""
