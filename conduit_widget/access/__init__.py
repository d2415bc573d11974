"""Which hub to use and with what token: environment, runtime file, the user's own hub."""
