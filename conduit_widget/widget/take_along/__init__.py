"""A conversation as a file to take along: Markdown, JSON, HTML, a notebook. Pure: messages in, text out."""
