"""What an import refuses, and why: stable codes, places as JSON pointers, all at once.

Implements docs/spec.md 23.1 (`docs/importing.md` lists the codes). Must not know any format.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bailiwick.errors import Finding, Invalid

CODES: dict[str, str] = {
    "account_management": "account management of the other system has no counterpart here",
    "action_unmapped": "no action of the catalog is mapped to this one",
    "action_unknown": "there is no such action",
    "action_external": "an action of a service that the catalog only mentions",
    "all_services_in_deny": "a deny over all services would miss services that come later",
    "arn_incomplete": "an ARN without its six segments",
    "arn_wildcard": "a wildcard before the last segment of an ARN that a condition compares",
    "attribute_unknown": "an attribute of resources that nothing here stands for",
    "binary": "binary comparison",
    "depends": "a role that works only beside others",
    "element_unknown": "an element or field that is not understood",
    "exists_false": "demands that an attribute is not said",
    "foreign_account": "something of another account",
    "refused_by_checks": "what comes out does not pass the account's own checks",
    "key_unmapped": "no attribute is mapped to this condition key",
    "left_over": "something of an earlier import that is no more in it",
    "literal_wildcard": "`*` or `?` as itself where only patterns can stand",
    "malformed": "not the grammar of this format",
    "name_taken": "the account has an object of this name that no import made",
    "never_holds": "nothing can satisfy it",
    "not_action_in_deny": "a deny of everything but some actions would miss actions that come later",
    "not_decided_on": "the action is not decided on what the policy constrains",
    "prerequisite": "the action requires another one here",
    "role_unknown": "there is no such role",
    "resource_pattern": "a pattern of resources that no scope can say",
    "resource_unmapped": "no resource type is mapped to it",
    "service_unmapped": "no service of the catalog is mapped to it",
    "set_operator": "a comparison of sets that has no counterpart",
    "subject_unmapped": "no principal or group is mapped to it",
    "time_edge": "the edge of a time range that falls between two instants",
    "time_place": "a comparison with the clock where no window can stand",
    "time_zone": "an offset that no time zone has",
    "too_large": "more than a condition or document may hold",
    "type_mismatch": "an operator for another type of value than the key has",
    "value": "a value that is not of the key's type",
    "variable": "a policy variable where no reference can stand",
    "version": "a version of the grammar that is not read",
    "wildcard_in_deny": "a deny by a wildcard that would miss actions that come later",
}


@dataclass(frozen=True, slots=True)
class Refusal(Finding):
    """One thing that cannot be imported exactly. `place` is a JSON pointer; `code` one of CODES."""

    code: str = ""

    def format(self) -> str:
        """How does a person read this refusal?"""
        hint = f"\n  help: {self.help}" if self.help else ""
        return f"{self.file}#{self.place}: {self.message} [{self.code}]{hint}"


class Refusals:
    """What was refused in one file so far, and what its reader should know?"""

    __slots__ = ("file", "found", "notes")

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Refusal] = []
        self.notes: list[str] = []

    def add(self, code: str, pointer: str, message: str, help: str | None = None) -> None:
        """How is one refusal noted? One place is refused once for one reason."""
        assert code in CODES, code
        refusal = Refusal(message, pointer, help, self.file, len(self.found), code)
        if not any((one.code, one.place, one.message) == (code, pointer, message) for one in self.found):
            self.found.append(refusal)

    def note(self, pointer: str, message: str) -> None:
        """What is exact, but worth knowing before it is applied?"""
        text = f"{self.file}#{pointer}: {message}"
        if text not in self.notes:
            self.notes.append(text)


def raise_if_any(refusals: Iterable[Refusals]) -> None:
    """Is anything refused? Raises Invalid with all of it."""
    found = [one for each in refusals for one in each.found]
    if found:
        raise Invalid(found)


def step(pointer: str, word: str | int) -> str:
    """Which JSON pointer names this member of what the pointer names? (RFC 6901)"""
    return f"{pointer}/{str(word).replace('~', '~0').replace('/', '~1')}"
