"""One widget family a file."""
