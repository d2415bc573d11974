"""Who a caller is: tokens, opaque keys, signing secrets, and what has been revoked."""
