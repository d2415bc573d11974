"""Log lines as text or JSON, without secrets."""
