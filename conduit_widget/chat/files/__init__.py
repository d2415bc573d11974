"""Files of conversations: their bytes, how they come and go over HTTP, what a model reads of them."""
