"""Completion of command lines in shells. Neither Typer nor the store is imported: answers take a tenth of a second."""
