"""What outlives a hub that is away: the durable queue of what was not sent yet, and what was seen last."""
