"""A question asked from Python and its answer: awaited, streamed, shown."""
