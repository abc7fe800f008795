"""How data sets are written down: tables, folders, array files, and what may be wrong with them."""
