"""Before there is a connection: Host, Origin and credential, negotiate, connection tokens."""
