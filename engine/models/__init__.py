"""Networks, where their weights come from, and their architecture table."""
