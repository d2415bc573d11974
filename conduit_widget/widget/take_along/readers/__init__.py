"""Conversations from other programs' files, a reader a format: bytes in, messages out."""
