"""Everything that trains. Knows no terminal."""
