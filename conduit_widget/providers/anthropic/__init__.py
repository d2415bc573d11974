"""The Anthropic Messages API as real servers speak it: adapter, request body, stream reader."""
