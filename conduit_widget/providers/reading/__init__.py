"""What a model server says, read without trust: its JSON, its words, its error bodies."""
