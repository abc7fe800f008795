"""From the store and the runs' files to what is shown: what threads do."""
