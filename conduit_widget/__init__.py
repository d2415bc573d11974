"""Live, multi-user LLM chat in a Jupyter notebook cell."""
