"""The way to the hub through the Jupyter server: its pages, files and sockets, and who may use it."""
