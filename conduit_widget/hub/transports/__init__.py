"""WebSockets, server-sent events and long polling, each as bytes in and out of a connection."""
