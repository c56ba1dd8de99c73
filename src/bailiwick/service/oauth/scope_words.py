"""What each scope means, in words that a person who is asked for it understands."""

from __future__ import annotations

from collections.abc import Iterable

_WORDS = {
    "openid": "Know that it is you",
    "profile": "See your user name",
    "email": "See your email address",
    "groups": "See the groups of this account in which you are",
    "offline_access": "Stay signed in as you, also when you have left, until you end that",
    "all": "Do everything that you may do in this account, in your name",
}


def words_of(scopes: Iterable[str]) -> list[str]:
    """What does whoever is let have these scopes get, one line each?"""
    return [_WORDS.get(scope) or _of_action(scope) for scope in scopes]


def _of_action(scope: str) -> str:
    service, slash, role = scope.partition("/")
    if slash:
        return f"Do, in your name, what the role `{role}` of `{service}` can do, as far as you may"
    return f"Do `{scope}` in your name, as far as you may"
