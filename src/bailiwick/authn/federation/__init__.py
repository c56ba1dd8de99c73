"""What an identity provider says, verified: its ID tokens, its claims, and which rules fit. Pure like all of `authn`.

Implements docs/spec.md section 32. Nothing here fetches anything or knows an account; `service/federation` does.
"""
