"""Files in and out of a chat: what Python gives to send, what views send and show."""
