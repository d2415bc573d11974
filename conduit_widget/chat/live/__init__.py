"""A conversation while somebody is there."""
