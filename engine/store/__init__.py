"""Run table and histories: the only code that touches the database. Imports no torch."""
