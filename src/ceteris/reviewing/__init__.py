"""What a person is asked and answers: queues to fill in, and the patches that come back."""
