"""Who is here, at whichever node, and how they look."""
