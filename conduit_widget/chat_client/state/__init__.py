"""What is known of a conversation, and how it changes."""
