"""What can be known to be wrong before runs are queued."""
