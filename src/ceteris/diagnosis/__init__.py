"""What else is wrong with the train rows than their labels: found, never mended in silence."""
