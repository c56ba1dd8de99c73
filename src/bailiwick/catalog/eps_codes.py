"""The error codes by which the document of `eps` knows what is wrong with a project or its resources.

Source: Open Telekom Cloud Enterprise Project Management Service, API Reference, Error Codes (2026-03-03).
They travel as an error's or a finding's `code`.
"""

from __future__ import annotations

BAD_REQUEST = "EPS.0002"
NO_AUTHORITY = "EPS.0004"
NO_SUCH_PROJECT = "EPS.0005"
BAD_NAME = "EPS.0007"
BAD_DESCRIPTION = "EPS.0008"
QUOTA_REACHED = "EPS.0009"
NAME_TAKEN = "EPS.0010"
DEFAULT_IS_FIXED = "EPS.0012"
PROJECT_IS_DISABLED = "EPS.0014"
DEFAULT_STAYS_ENABLED = "EPS.0015"
BAD_RESOURCE = "EPS.0032"
UNSUPPORTED_TYPE = "EPS.0033"
TAKES_NO_RESOURCES = "EPS.0034"
LACKS_PERMISSION = "EPS.0039"
