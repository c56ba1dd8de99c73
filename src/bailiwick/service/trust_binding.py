"""Names of other accounts in trust lists, and who had them when they were written.

A profile that trusts `account:dev/user:alice` trusts the one who is called so now: the entry is given the uid of that
one, and whoever takes the name later inherits nothing. A name that nobody has is kept as it is and trusts nobody, and
is looked up again when the list is written again. Serves docs/spec.md 22.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bailiwick.model.accounts import Principal
from bailiwick.model.trusting import Trusted, format_trusted, parse_trusted
from bailiwick.service.edits import Edit
from bailiwick.service.loading import account_log
from bailiwick.service.references import parse_target
from bailiwick.store.ports import Store


def bind_trust(store: Store, edits: Sequence[Edit]) -> Sequence[Edit]:
    """The same edits; every name of another account in a trust list has got the uid of who is called so."""
    return [_bound(store, edit) if edit.kind == "Profile" else edit for edit in edits]


def _bound(store: Store, edit: Edit) -> Edit:
    profile = edit.value
    if not isinstance(profile, Principal) or not profile.trust:
        return edit
    trust = tuple(dict.fromkeys(_bound_text(store, text) for text in profile.trust))
    return edit if trust == profile.trust else replace(edit, value=replace(profile, trust=trust))


def _bound_text(store: Store, text: str) -> str:
    trusted = parse_trusted(text)
    if not trusted.is_unbound:
        return text
    uid = _find_uid(store, trusted)
    return text if uid is None else format_trusted(trusted.bound(uid))


def _find_uid(store: Store, trusted: Trusted) -> str | None:
    """Who is called so in the other account? The account is not loaded for it."""
    target = parse_target(trusted.subject)
    found = None if target is None else store.find_named(account_log(trusted.account), *target)
    return None if found is None else found.uid
