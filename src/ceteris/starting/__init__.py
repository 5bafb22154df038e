"""`ceteris init`: what a project begins with."""
