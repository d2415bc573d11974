"""The SignalR hub protocol without I/O or clock: bytes in, events out."""
