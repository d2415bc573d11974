"""The kind ``replay``: plays the answers of a real run from a file, and records them there."""
