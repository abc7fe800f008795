"""What runs will write, what lies on the disk, what may go, and how it goes."""
