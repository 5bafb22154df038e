"""Recipes to estimators, columns to numbers, and what models say of rows that they have not seen."""
