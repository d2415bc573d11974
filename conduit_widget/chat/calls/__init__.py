"""Calls: who is in one on which node, and what their browsers need to find each other."""
