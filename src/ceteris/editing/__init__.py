"""What people say of labels: edits, answers, the ledger."""
