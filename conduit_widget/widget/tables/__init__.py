"""Tables that a notebook shows, with a text form."""
