"""The OpenAI chat completions API as real servers speak it: adapter, stream reader, refusals."""
