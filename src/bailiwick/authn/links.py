"""Links: through whom a token came to its subject, and for whom it acts; as claims and back.

A link stands by a key, or was assumed by other links; so what a token rests on is a tree with keys at its leaves.
Nothing here says whether a link still stands. Serves docs/spec.md 22.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bailiwick.authn.claims import read_text_claim
from bailiwick.authn.compact import TokenFault, TokenRefused
from bailiwick.errors import Invalid

MAX_LINKS = 16
MAX_SAID = 16
MAX_SAID_CHARACTERS = 256

Said = str | int | bool


@dataclass(frozen=True, slots=True)
class Link:
    """One identity behind a session: uid, and `kind:name` as it was when the token was issued.

    `credential_uid` is its key or what it signed in with; empty where it was assumed `by` others, while the connection
    said `context`.
    In that of whoever signed in is when they proved who they are (`proved_at`, epoch seconds).
    `session_uids` are its session's and, older after newer, those that this one was made from.
    `client_id` is the application that began it, which must stand too; "" where none did.
    """

    account: str
    uid: str
    principal: str
    credential_uid: str = ""
    session_uids: tuple[str, ...] = ()
    by: tuple[Link, ...] = ()
    context: Mapping[str, Said] = field(default_factory=dict)
    client_id: str = ""

    @property
    def reference(self) -> str:
        """How is it called, with its account? `acme/user:alice`."""
        return f"{self.account}/{self.principal}"

    def walk(self) -> Iterator[Link]:
        """Itself and every link through which it was reached, nearest first."""
        yield self
        for link in self.by:
            yield from link.walk()


def links_claims(
    by: tuple[Link, ...], context: Mapping[str, Said], acts_for: tuple[Link, ...]
) -> dict[str, object]:
    """How do claims write these links? Raises Invalid for too many."""
    count = sum(1 for link in (*by, *acts_for) for _ in link.walk())
    if count > MAX_LINKS:
        raise Invalid.at("for", f"a session goes through at most {MAX_LINKS} others, got {count}")
    claims: dict[str, object] = {}
    if by:
        claims["by"] = write_links(by)
    if context:
        claims["ctx"] = dict(context)
    if acts_for:
        claims["for"] = write_links(acts_for)
    return claims


def write_links(links: Iterable[Link]) -> list[dict[str, object]]:
    """How are these links written as JSON?"""
    return [_write_link(link) for link in links]


def _write_link(link: Link) -> dict[str, object]:
    said: dict[str, object] = {"account": link.account, "sub": link.uid, "principal": link.principal}
    if link.credential_uid:
        said["cred"] = link.credential_uid
    if link.session_uids:
        said["sids"] = list(link.session_uids)
    if link.client_id:
        said["client_id"] = link.client_id
    return {**said, **links_claims(link.by, link.context, ())}


def read_links(
    claims: Mapping[str, object],
) -> tuple[tuple[Link, ...], Mapping[str, Said], tuple[Link, ...]]:
    """Who assumed the subject, what did the connection say, and for whom does it act?"""
    by, context, acts_for = parse_links(claims, "by"), _read_context(claims), parse_links(claims, "for")
    if sum(1 for link in (*by, *acts_for) for _ in link.walk()) > MAX_LINKS:
        raise TokenRefused(TokenFault.CLAIMS, f"claims `by` and `for` hold up to {MAX_LINKS} links")
    return by, context, acts_for


def parse_links(claims: Mapping[str, object], name: str, depth: int = 0) -> tuple[Link, ...]:
    """Which links does this claim write? Raises TokenRefused."""
    if name not in claims:
        return ()
    listed = claims[name]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_LINKS or depth > MAX_LINKS:
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a list of 1 to {MAX_LINKS} links")
    return tuple(_read_link(one, name, depth) for one in listed)


def _read_link(one: object, name: str, depth: int) -> Link:
    if not isinstance(one, dict):
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a list of objects")
    by = parse_links(one, "by", depth + 1)
    if bool(by) == ("cred" in one):
        raise TokenRefused(TokenFault.CLAIMS, "a link stands by `cred` or was assumed `by` others")
    return Link(
        account=read_text_claim(one, "account"),
        uid=read_text_claim(one, "sub"),
        principal=read_text_claim(one, "principal"),
        credential_uid=read_text_claim(one, "cred") if "cred" in one else "",
        session_uids=read_texts(one, "sids"),
        by=by,
        context=_read_context(one),
        client_id=read_text_claim(one, "client_id") if "client_id" in one else "",
    )


def _read_context(claims: Mapping[str, object]) -> Mapping[str, Said]:
    said = claims.get("ctx", {})
    if not isinstance(said, dict) or not all(isinstance(value, Said) for value in said.values()):
        raise TokenRefused(TokenFault.CLAIMS, "claim `ctx` must be an object of texts, numbers and booleans")
    return said


def said_of(context: Mapping[str, object]) -> dict[str, Said]:
    """What of a connection's context is kept with a session: short plain values, not too many?"""
    plain = {name: value for name, value in context.items() if isinstance(value, Said)}
    short = {name: value for name, value in plain.items() if len(str(value)) <= MAX_SAID_CHARACTERS}
    return dict(sorted(short.items())[:MAX_SAID])


def read_texts(claims: Mapping[str, object], name: str) -> tuple[str, ...]:
    """Which texts does this claim list? Raises TokenRefused."""
    listed = claims.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a list of texts that are not empty")
    return tuple(listed)
