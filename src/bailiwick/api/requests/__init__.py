"""What every request has, whatever it asks for: an id, a line in the log, limits, traces."""
