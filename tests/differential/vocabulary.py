"""The few words that generated worlds are made of: few, so that they meet; odd ones among them.

Holds values only. Lists begin with the plainest value.
"""

from __future__ import annotations

from bailiwick.model.accounts import Property

ACCOUNT = "acme"
SERVICES = ("alpha", "beta", "gamma", "delta")
OWN_SERVICE = "own"
REGIONS = ("eu", "us", "eu-2")
INSTANCES = ("i1", "i2")
PROJECTS = ("dev", "prod", "dev-2")
IDS = ("a", "b", "ab", "A", "a b", "ü/:%2F", "*")
BUDGETS = ("b1", "b2")
TAGS = {"env": ("test", "live"), "tier.x": ("one", "two")}
TYPES = ("space", "image", "folder", "key")
WORDS = ("read", "list", "write", "create", "delete", "purge", "share")
ATTRIBUTES = ("project", "owner", "groups", "budget", "tags")
DECIDED_ON = (
    "region",
    "project",
    "type",
    "id",
    "within",
    "instance",
    "owner",
    "groups",
    "budget",
    "tags",
    "properties",
)

USERS = ("user:alice", "user:bob", "user:carol", "user:dan")
STORED = (*USERS, "service-id:ci", "profile:deployer")
GROUPS = ("g1", "g2", "g3", "g4")

NOW = 1_800_000_000.0
INSTANTS = tuple(NOW + offset for offset in (0.0, 3600.0, -3600.0, 7200.0, -7200.0, 1.5, -1.5))

# Values by the operand type that they are of; the last ones of some lists are of the wrong type or no value at all.
DATES = (
    "2027-01-15T08:00:00Z",
    "2027-01-15T23:30:00+01:00",
    "2027-01-16T00:00:00.5Z",
    "2027-01-14T12:59:59-05:00",
    "2027-01-17T12:00:00+00:00",
)
NOT_DATES = (
    "2027-01-15T08:00:00", "2027-01-15", "tomorrow", "2027-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "2027-W02-5T08:00:00Z", "2027-01-15T08:00+00:00", "2027-01-15t08:00:00z",
)  # fmt: skip
ADDRESSES = ("10.1.2.3", "10.2.0.1", "::ffff:10.1.2.3", "192.168.0.1", "2001:db8::1", "::1")
NETWORKS = (
    "10.0.0.0/8",
    "10.1.2.3",
    "192.168.0.0/16",
    "::ffff:10.0.0.0/104",
    "2001:db8::/32",
    "::/0",
    "0.0.0.0/0",
)
NOT_ADDRESSES = ("10.0.0.0/8", "10.0.0.256", "localhost", "")
NUMBERS: tuple[int | float, ...] = (1, 2, 1.0, 0, -1, 2.5, 10**400)
NOT_NUMBERS: tuple[Property, ...] = (True, False, "1", float("nan"), float("inf"))
TEXTS = ("sales", "dev", "Sales", "eu", "a", "straße", "STRASSE", "user:alice", "group:g1", "")
LIST_VALUES: tuple[tuple[str, ...], ...] = (
    ("sales", "dev"),
    ("group:g1",),
    (),
    ("user:alice", "a"),
    ("group:g1", "b1"),
)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
DAYS = ("friday", "saturday", "monday", "thursday", "sunday")
CLOCKS = ("08:00", "09:00", "12:30", "23:45", "00:00", "17:59")

KEYS: dict[str, tuple[str, ...]] = {
    "string": (
        "context.dept", "principal.id", "principal.kind", "principal.properties.dept", "resource.owner",
        "resource.project", "resource.id", "resource.type", "resource.region", "resource.instance", "resource.account",
        "resource.service", "resource.budget", "resource.tags.env", "resource.tags.tier.x", "grant.subject",
        "action.properties.mode", "action.properties.role", "context.nested.word", "resource.properties.kind",
        "principal.properties.nested.word",
    ),
    "number": ("context.level", "principal.properties.level", "resource.properties.size", "action.properties.count"),
    "bool": ("context.mfa", "resource.properties.open", "principal.properties.cleared"),
    "date": ("context.time", "principal.properties.since", "resource.properties.made"),
    "network": ("context.ip", "principal.properties.home"),
    "list": ("principal.groups", "principal.budgets", "resource.groups", "context.list", "principal.properties.teams"),
}  # fmt: skip
EVERY_KEY = tuple(key for keys in KEYS.values() for key in keys)
