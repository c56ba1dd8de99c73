"""An account with a crowd in it: as many users as wanted, with groups, policies, projects and resources to match.

The same at every run: nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bailiwick.service.applying import apply_wanted, parse_wanted
from bailiwick.service.host import Host
from bailiwick.service.sessions import Session

PART = 10_000
DEPARTMENTS = ("imaging", "platform", "security", "sales")
REGIONS = ("eu-de", "eu-nl")
USERS_IN_GROUP = 100
Document = dict[str, object]


def user_name(number: int) -> str:
    """How is the user of this number called?"""
    return f"user-{number:06}"


def documents(users: int) -> Iterator[Document]:
    """What does an account with this many users hold? Referred before referring."""
    projects, groups = max(users // 1000, 1), max(users // USERS_IN_GROUP, 1)
    for number in range(projects):
        yield {"kind": "Project", "name": f"project-{number:03}", "description": "what a team builds"}
    for number in range(users):
        yield {
            "kind": "User",
            "name": user_name(number),
            "email": f"{user_name(number)}@acme.example",
            "properties": {"department": DEPARTMENTS[number % len(DEPARTMENTS)]},
        }
    for number in range(users // 50):
        yield {"kind": "ServiceId", "name": f"robot-{number:05}", "description": "builds images"}
    for number in range(groups):
        members = [f"user:{user_name(one)}" for one in range(number, users, groups)]
        yield {"kind": "Group", "name": f"team-{number:04}", "members": members}
    yield {
        "kind": "Group",
        "name": "staff",
        "members": [f"group:team-{number:04}" for number in range(groups)],
    }
    for number in range(groups):
        yield {
            "kind": "Policy",
            "name": f"team-{number:04}-images",
            "subjects": [f"group:team-{number:04}"],
            "roles": ["IMS ReadOnlyAccess"],
            "scope": {"service": "ims", "region": REGIONS[number % 2]},
        }
    for number in range(users // 10):
        yield {
            "kind": "Resource",
            "name": f"brn:acme:ims:{REGIONS[number % 2]}::image/image-{number:05}",
            "project": f"project-{number % projects:03}",
        }


def load_crowd(host: Host, session: Session, users: int) -> None:
    """Put the crowd into the account of this session, in parts."""
    rest = documents(users)
    while part := list(islice(rest, PART)):
        apply_wanted(host, session, parse_wanted(session.account, documents=part), via="crowd")
