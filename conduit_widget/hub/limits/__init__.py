"""What one connection, user or address may do, and how it is told that it does too much."""
