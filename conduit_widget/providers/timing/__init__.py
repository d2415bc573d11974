"""The clocks of a generation, and the one timer behind its many short waits."""
