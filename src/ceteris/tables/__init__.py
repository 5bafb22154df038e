"""What a table of a user's holds: values, columns, rows, what is wrong with them, and how it is mended."""
