"""An answer being written: whose turn it is, the prompt, the text, its end."""
