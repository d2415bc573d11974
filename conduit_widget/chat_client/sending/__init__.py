"""What waits for the hub: sent in order, each once, and kept on disk where it cannot leave."""
