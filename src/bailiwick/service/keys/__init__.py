"""API keys: made, listed, changed, rotated, withdrawn, reported as leaked; and what they are exchanged for.

A key's secret is shown once, at its making; what is stored is its hash, apart from the log (docs/spec.md section 9).
Everyone may keep their own keys; a key for another hands over everything that the other holds (section 31).
"""
