"""One module for each kind of database: all that the store does differently on it."""
