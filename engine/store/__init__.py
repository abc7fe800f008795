"""The run table and its histories: the only door to the database. No torch in here."""
