"""Writing an answer: whose turn it is, the prompt, the text, and how it ends."""
