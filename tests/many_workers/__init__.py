"""Two services and three workers on one PostgreSQL, a worker killed every few seconds: everything once."""
