"""The client's half of files: up and down over HTTP, resumed when the way or the hub was cut."""
