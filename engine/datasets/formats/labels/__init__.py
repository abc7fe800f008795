"""Labels and the classes that they make."""
