"""Workers on other machines: Slurm jobs and SSH. Neither the app's start nor a worker imports this room."""
