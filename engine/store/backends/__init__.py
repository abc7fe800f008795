"""One module for each kind of database, with everything that the store does differently on it."""
