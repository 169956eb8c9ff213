"""Real mail servers as peers: each with its own configuration, folders and ports, as ordinary processes."""
