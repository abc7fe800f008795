"""What a worker needs to look after trainings: its device, processes, their endings, its leaving. No torch here."""
