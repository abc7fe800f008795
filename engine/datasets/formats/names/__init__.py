"""Image files: their names, and the files that the names of tables mean."""
