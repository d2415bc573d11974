"""Which providers there are when nobody says so, and whether one answers a single word."""
