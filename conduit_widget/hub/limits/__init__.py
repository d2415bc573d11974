"""Limits of connections, users and addresses, and the warnings before they are reached."""
