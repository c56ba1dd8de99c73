"""The errors that Bailiwick raises for its callers.

Every error says what is wrong in one lower-case sentence, names the place, and may carry a `help`
text (the nearest right word, what is available, what to do).
A bug is never one of these: it stays an ordinary Python exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one document: what, where, and what to do about it.

    `place` is `file:line` where the text came from a file, else a path such as `rights[2].actions[0]`.
    `line` and `file` sort findings; they are 0 and empty where there is no file.
    `code` is the one by which a service's own document knows it (`EPS.0007`); "": there is none.
    """

    message: str
    place: str = ""
    help: str | None = None
    file: str = ""
    line: int = 0
    code: str = ""

    def format(self) -> str:
        """How does a person read this finding?"""
        where = f"{self.file}:{self.line}: " if self.file else ""
        at = f" at {self.place}" if self.place else ""
        code = f" ({self.code})" if self.code else ""
        hint = f"\n  help: {self.help}" if self.help else ""
        return f"{where}{self.message}{at}{code}{hint}"


class BailiwickError(Exception):
    """Anything that a caller did wrong or asked for in vain. `code` is stable; `message` is for people.

    The class has a code; an error may have its own, that of a service's document (`EPS.0010`).
    """

    code = "error"

    def __init__(self, message: str, help: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        code = f" ({self.code})" if is_documented(self.code) else ""
        return f"{self.message}{code}\n  help: {self.help}" if self.help else f"{self.message}{code}"


class Invalid(BailiwickError):
    """Input that cannot be accepted; holds every finding at once, sorted by position."""

    code = "invalid"

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: (f.file, f.line)))
        count = len(self.findings)
        head = self.findings[0].format() if self.findings else "invalid input"
        super().__init__(head if count == 1 else f"{count} errors, the first: {head}")
        codes = {finding.code for finding in self.findings}
        if len(codes) == 1 and (code := codes.pop()):
            self.code = code

    def __str__(self) -> str:
        # WHY: each finding says its code itself.
        return self.message

    @classmethod
    def at(cls, place: str, message: str, help: str | None = None, *, code: str = "") -> Invalid:
        """How is a single finding raised?"""
        return cls([Finding(message, place, help, code=code)])


class NotFound(BailiwickError):
    """The named thing does not exist (or the caller may not know that it does)."""

    code = "not_found"


class Conflict(BailiwickError):
    """The state does not allow this change: taken name, moved revision, still in use."""

    code = "conflict"


class Forked(Conflict):
    """A revision that the caller has seen is not in this history, which was put back or is another one."""

    code = "forked"


class Denied(BailiwickError):
    """The engine refused; `action` and `reason` say what and why."""

    code = "denied"

    def __init__(
        self, message: str, *, action: str, reason: str, help: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, help, code=code)
        self.action = action
        self.reason = reason


class Unauthenticated(BailiwickError):
    """Nobody, or nobody that can be believed, asked."""

    code = "unauthenticated"


class Unavailable(BailiwickError):
    """The answer cannot be given now: storage is gone, or the wanted revision has not arrived."""

    code = "unavailable"


class Stale(Unavailable):
    """Nothing was heard of the store for longer than the account allows to answer for it."""

    code = "stale"


def is_documented(code: str) -> bool:
    """Is this a code of a service's document? (The classes' own codes are plain words.)"""
    return "." in code


def did_you_mean(word: str, known: Sequence[str] | Iterable[str], *, most: int = 12) -> str | None:
    """What is the nearest right word, or what is available?"""
    words = sorted(set(known))
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not words:
        return None
    shown = ", ".join(f"`{w}`" for w in words[:most])
    return f"available: {shown}" + (f" and {len(words) - most} more" if len(words) > most else "")
