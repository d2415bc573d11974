"""How bytes travel between the two ends of a hub connection."""
