"""What a process says of itself to Prometheus: numbers of its own for each host, and nothing that names a person."""
