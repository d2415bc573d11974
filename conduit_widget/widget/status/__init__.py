"""Widgets that stand alone in a cell and show the state of a hub."""
