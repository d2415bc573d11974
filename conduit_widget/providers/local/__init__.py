"""The local model: its download, its process and the provider in front of it."""
