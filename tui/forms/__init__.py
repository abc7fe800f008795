"""Logic of the new-experiment form: its texts as specs, and the checks before its runs are queued."""
