"""Settings of the providers, from config.toml and the environment, checked field by field."""
