"""The accepting half of WebSocket, on uvicorn, and patience with slow HTTP requests."""
