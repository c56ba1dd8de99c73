"""Provisioning: users and groups that a directory elsewhere keeps in step (docs/spec.md section 33).

It knows nothing of SCIM's wire; that is api/scim. Everything changes by service/changes.py, judged as any change.
"""
