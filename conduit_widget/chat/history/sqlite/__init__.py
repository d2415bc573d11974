"""The conversation log in SQLite."""
