"""A company of keys: people, programs, and one who keeps others' keys."""

from __future__ import annotations

WORLD = """
kind: User
name: alice
---
kind: User
name: keeper
---
kind: ServiceId
name: ci
---
kind: ServiceId
name: idle
---
kind: Policy
name: ci
subjects: [service-id:ci]
roles: [Writer]
scope: {service: container-registry}
---
kind: Policy
name: keeper
subjects: [user:keeper]
roles: [Editor]
scope: {service: iam}
"""
