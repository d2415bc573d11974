"""Notebook widgets and the Python API at the prompt."""
