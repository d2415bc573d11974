"""Threads and comms: the background event loop, comm batching, subshell routing, user callbacks."""
