"""From a hub's ``clients`` to the bytes of each connection: groups, encoding, bounded outboxes."""
