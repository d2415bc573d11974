"""The chat's client: typed hub proxies, conversations that resume, transcripts, the outgoing queue."""
