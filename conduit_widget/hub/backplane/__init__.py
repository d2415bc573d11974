"""Messages between hub processes: the seam, the memory bus, and Redis or Valkey."""
