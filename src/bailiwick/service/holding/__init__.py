"""Which accounts a process holds: loaded when they are asked for, kept up, and let go of within a bound of memory."""
