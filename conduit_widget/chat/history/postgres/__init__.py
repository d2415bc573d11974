"""The conversation log in PostgreSQL."""
