"""The durable log of conversations: one rule set, SQLite and PostgreSQL, the feed in commit order."""
