"""What hub processes tell each other: the seam, the memory bus, and Redis or Valkey."""
