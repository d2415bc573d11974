"""One connection's life: handshake, keep-alive, expiry, stateful reconnect, drain."""
