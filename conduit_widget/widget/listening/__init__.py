"""Functions of the user's that hear what happens in a chat: messages, mentions, its status."""
