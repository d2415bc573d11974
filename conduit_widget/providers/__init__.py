"""Model providers: one seam (`provider.py`), an OpenAI-compatible adapter, and the local model behind it."""
