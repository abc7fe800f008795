"""What a home takes on the disk, what runs will write, and what may go."""
