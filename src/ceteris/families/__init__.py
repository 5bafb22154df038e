"""Families of errors: the patterns of columns under which far more labels are doubted than the model itself expects."""
