"""A conversation on several hub processes."""
