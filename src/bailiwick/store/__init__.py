"""The logs, the objects that follow from them, secrets and activity, kept safely.

A store holds JSON documents and must not know the model or the engine.
Start with `ports` (what a store promises), then `chain`, then `sql/append`.
Implements docs/spec.md, section "The change log".
"""
