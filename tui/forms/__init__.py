"""What the new-experiment form means, and what is known before its runs are queued."""
