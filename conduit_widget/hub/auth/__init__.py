"""Authentication: tokens, opaque keys, signing secrets, revocations."""
