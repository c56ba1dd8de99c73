"""Names: of things, of principals, of resources; parsing and formatting, both ways.

Implements docs/spec.md section 2. Pure text; it must not know what exists.
Names are compared byte for byte: no case folding, no normalisation (`Foo` is not `foo`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from bailiwick.errors import Invalid

PRINCIPAL_KINDS = ("user", "service-id", "profile", "service")
SUBJECT_KINDS = (*PRINCIPAL_KINDS, "group")
ANONYMOUS = "anonymous"
MEMBERS = "group:members"
EVERYONE = "group:everyone"
BUILT_IN_GROUPS = frozenset({"members", "everyone"})
SERVICE_TYPE = "service"
MAX_NAME_LENGTH = 256
MAX_DEPTH = 16

_NAME = re.compile(r"[^\x00-\x1f\x7f/:]+")
_HALF = re.compile("[\ud800-\udfff]")
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@+=,!$")
_ESCAPES = re.compile(rb"%(?![0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class ResourceName:
    """What is the resource called? `path` runs from the outermost node to the resource itself.

    An empty `region` or `instance` is the empty segment of the text.
    """

    account: str
    service: str
    region: str
    instance: str
    path: tuple[tuple[str, str], ...]

    @property
    def type(self) -> str:
        """Which resource type does the name end in?"""
        return self.path[-1][0]

    @property
    def id(self) -> str:
        """Which id does the name end in?"""
        return self.path[-1][1]

    def ancestors(self) -> tuple[ResourceName, ...]:
        """Which resources contain this one, nearest first?"""
        return tuple(
            ResourceName(self.account, self.service, self.region, self.instance, self.path[:end])
            for end in range(len(self.path) - 1, 0, -1)
        )


def parse_name(text: object, place: str, what: str = "name") -> str:
    """Is this a name? Not empty, at most 256 characters, no `/`, `:` or control character, no outer space."""
    if not isinstance(text, str) or not text:
        raise Invalid.at(place, f"expected a {what}, got {_shown(text)}")
    if len(text) > MAX_NAME_LENGTH:
        raise Invalid.at(place, f"{what} is {len(text)} characters long, expected at most {MAX_NAME_LENGTH}")
    if not _NAME.fullmatch(text) or text != text.strip() or _HALF.search(text):
        raise Invalid.at(
            place,
            f"`{text}` is no {what}",
            "a name holds no `/`, `:` or control character and does not begin or end with a space",
        )
    return text


def parse_type_name(text: object, place: str) -> str:
    """Is this the name of a service or resource type: lower case, digits and hyphens?"""
    if not isinstance(text, str) or not _TYPE.fullmatch(text):
        raise Invalid.at(
            place, f"expected a lower-case word of letters, digits and hyphens, got {_shown(text)}"
        )
    return text


def parse_principal(text: object, place: str = "principal") -> str:
    """Which principal is named? `user:alice`, `service-id:ci`, `profile:x`, `service:ims` or `anonymous`."""
    if text == ANONYMOUS:
        return ANONYMOUS
    return _parse_reference(text, place, PRINCIPAL_KINDS, "a principal")


def parse_subject(text: object, place: str = "subject") -> str:
    """Whom may a policy name? A principal or a group; nobody signs in as `service:…`, but it may be granted."""
    if text == ANONYMOUS:
        raise Invalid.at(place, "`anonymous` cannot be a subject", "grant to `group:everyone` instead")
    return _parse_reference(text, place, SUBJECT_KINDS, "a subject")


def parse_group_reference(text: object, place: str) -> str:
    """Which group is named, as `group:name`?"""
    return _parse_reference(text, place, ("group",), "a group")


def split_reference(reference: str) -> tuple[str, str]:
    """What are kind and name of a parsed reference? (`anonymous` is its own kind and name.)"""
    kind, _, name = reference.partition(":")
    return kind, name or kind


def _parse_reference(text: object, place: str, kinds: tuple[str, ...], what: str) -> str:
    if not isinstance(text, str):
        raise Invalid.at(place, f"expected {what} such as `{kinds[0]}:name`, got {_shown(text)}")
    kind, colon, name = text.partition(":")
    if not colon or kind not in kinds:
        expected = ", ".join(f"`{k}:`" for k in kinds)
        raise Invalid.at(
            place, f"`{text}` is no {what.split(' ', 1)[1]}", f"expected one of {expected} and a name"
        )
    parse_name(name, place)
    return text


def format_resource_name(name: ResourceName) -> str:
    """What is the one canonical text of this name?"""
    head = ":".join(_encode(part) for part in (name.account, name.service, name.region, name.instance))
    tail = "/".join(f"{kind}/{_encode(ident)}" for kind, ident in name.path)
    return f"brn:{head}:{tail}"


@lru_cache(maxsize=65536)
def parse_resource_name(text: str) -> ResourceName:
    """Which resource does this text name? Only the canonical form is accepted.

    Raises: Invalid, with what was expected.
    Example: `brn:acme:ims:eu-de::image/web-1`.
    """
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "brn":
        raise Invalid.at(
            "resource",
            f"`{text}` is no resource name",
            "expected `brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded",
        )
    account, service, region, instance = (_decode(part, text) for part in parts[1:5])
    name = ResourceName(account, service, region, instance, _parse_path(parts[5], text))
    if not account or not service:
        raise Invalid.at("resource", f"`{text}` names no {'service' if account else 'account'}")
    canonical = format_resource_name(name)
    if canonical != text:
        raise Invalid.at("resource", f"`{text}` is not in canonical form", f"write `{canonical}`")
    return name


def parse_path(text: str, place: str = "path") -> tuple[tuple[str, str], ...]:
    """Which nodes does `type/id[/type/id…]` name, outermost first?"""
    return _parse_path(text, text or place)


def _parse_path(tail: str, text: str) -> tuple[tuple[str, str], ...]:
    segments = tail.split("/")
    if len(segments) % 2 or len(segments) > 2 * MAX_DEPTH:
        raise Invalid.at(
            "resource",
            f"`{text}` has a broken path",
            f"expected `type/id`, repeated at most {MAX_DEPTH} times",
        )
    path = tuple((segments[i], _decode(segments[i + 1], text)) for i in range(0, len(segments), 2))
    for kind, ident in path:
        if not _TYPE.fullmatch(kind) or not ident:
            raise Invalid.at(
                "resource", f"`{text}` has a broken path at `{kind}/{ident}`", "expected `type/id`"
            )
    return path


def _encode(text: str) -> str:
    data = text.encode()
    if all(byte in _UNRESERVED for byte in data):
        return text
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def _decode(text: str, whole: str) -> str:
    if "%" not in text and text.isascii():
        return text
    try:
        data = text.encode("ascii")
        if _ESCAPES.search(data):
            raise ValueError("broken escape")
        return unquote_to_bytes(data).decode()
    except ValueError:
        raise Invalid.at("resource", f"`{whole}` is not percent-encoded UTF-8") from None


def _shown(value: object) -> str:
    return "nothing" if value is None or value == "" else f"`{value!r}`"[:80]
