"""What clients may call, a module for each capability; ``ChatHub`` is all of them together."""
