"""Signing in through identity providers: asking them, believing them, and what the account makes of it.

Implements docs/spec.md section 32. What a provider says is verified in `authn/federation`, which is pure.
"""
