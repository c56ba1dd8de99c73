"""How a store's schema changes from one version of Bailiwick to the next: one folder of revisions for each part.

`logs/` and `activity/` hold one file for each revision; `running` carries them out on a connection.
Implements docs/spec.md, section "The data directory".
"""
