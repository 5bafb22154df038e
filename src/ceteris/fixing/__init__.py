"""What is trained on: versions, the recipes that make them, and what they are compared with."""
