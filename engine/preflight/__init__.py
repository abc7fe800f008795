"""Everything that can be known to be wrong, or worth a warning, before runs are queued."""
