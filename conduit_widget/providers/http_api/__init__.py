"""What providers behind an HTTP API have in common: the request, its refusals, the bytes of its answer."""
