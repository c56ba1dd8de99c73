"""Authentication as pure functions: verify this key or token, given the stored record and the time.

Nothing here reads a clock, a file, the network, a database or the configuration, and nothing logs:
records and `now` (an aware datetime) are arguments, results are values.
The only thing taken from outside is randomness, and only by the functions named `generate_*`.
What may be done by whoever is authenticated is no question for this room; see docs/spec.md.
"""
