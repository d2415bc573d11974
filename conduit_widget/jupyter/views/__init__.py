"""Views that the Jupyter server itself stands behind: their sockets, what they ask for and are sent."""
