"""Settings › Security: the password policy and the sign-in policy, read-only without the right to change them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.document_security import format_security
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.security import (
    PASSWORD_NUMBERS,
    PROTECTION_NUMBERS,
    SECURITY_NAME,
    SIGN_IN_NUMBERS,
    SecuritySettings,
    Whole,
)
from bailiwick.service.kinds import SECURITY
from bailiwick.service.needed import iam_service

READ, UPDATE = "iam.setting.read", "iam.setting.update"


@dataclass(frozen=True, slots=True)
class Question:
    """One number of a policy, as the page asks for it."""

    name: str
    label: str
    unit: str
    off: str = ""


PASSWORDS = (
    Question("minimum_length", "Characters at least", "characters"),
    Question(
        "kinds_of_characters",
        "Kinds of characters at least",
        "of capital letters, small letters, digits, others",
    ),
    Question("most_identical_in_a_row", "The same character in a row at most", "times", "any number"),
    Question("recent_passwords_refused", "Earlier passwords refused", "passwords", "none"),
    Question("validity_days", "To be changed after", "days", "never"),
    Question("minimum_age_minutes", "Stays for at least", "minutes", "no time"),
)
SIGN_IN = (
    Question("failures_before_lockout", "Locks out after", "failed attempts"),
    Question("failure_period_minutes", "…within", "minutes"),
    Question("lockout_minutes", "Locked out for", "minutes"),
    Question("idle_minutes", "A visit ends after resting for", "minutes"),
    Question("longest_visit_minutes", "A visit lasts at most", "minutes"),
    Question("unused_days", "Keeps out who has been away for", "days", "nobody"),
)
PROTECTION = (Question("minutes", "A proof counts for", "minutes"),)
NUMBERS: dict[str, Whole] = {**PASSWORD_NUMBERS, **SIGN_IN_NUMBERS, **PROTECTION_NUMBERS}


def security_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings/security", show_security, READ),
        post("/settings/security", change_security, READ, UPDATE),
    ]


def show_security(page: Page) -> Response:
    """How do people sign in?"""
    page.judge.require(READ, iam_service())
    return _show(page, _form_of(page.snapshot.account.security_settings, since_of(page)))


def since_of(page: Page) -> str:
    """Which revision of the settings does a form show? "": there are none yet."""
    identity = page.snapshot.identities.get((SECURITY, SECURITY_NAME))
    return "" if identity is None else str(identity.revision)


def _form_of(settings: SecuritySettings, since: str) -> Form:
    values = {one.name: str(getattr(settings.passwords, one.name)) for one in PASSWORDS}
    values |= {one.name: str(getattr(settings.sign_in, one.name)) for one in SIGN_IN}
    values |= {one.name: str(getattr(settings.operation_protection, one.name)) for one in PROTECTION}
    flags = {
        "name_refused": settings.passwords.name_refused,
        "show_last_sign_in": settings.sign_in.show_last_sign_in,
        "require_second_factor": settings.require_second_factor,
        "operation_protection": settings.operation_protection.enabled,
    }
    values |= {name: "yes" for name, is_set in flags.items() if is_set}
    return Form.of({**values, "notice": settings.sign_in.notice, "since": since})


def _show(page: Page, form: Form, status: int = 200) -> Response:
    return page.render(
        "settings/security.html",
        status=status,
        form=form,
        passwords=PASSWORDS,
        sign_in=SIGN_IN,
        protection=PROTECTION,
        numbers=NUMBERS,
        may_change=page.may(UPDATE, iam_service()),
        is_default=SECURITY_NAME not in page.snapshot.account.security,
    )


def change_security(page: Page) -> Response:
    """The settings are others from now on, for visits that have begun, too."""
    page.judge.require(UPDATE, iam_service())
    try:
        whole = format_security(page.snapshot.account.security_settings)
        document, since = {**whole, **_document(page.form)}, page.form.get("since")
        outcome = page.replace(SECURITY, document, since=since) if since else page.create(SECURITY, document)
    except (Invalid, Conflict, Denied, NotFound) as error:
        return _show(page, page.form.failed(_at_fields(error), *NUMBERS, "notice"), status_of(error))
    note = "The security settings were changed."
    return page.redirect("/settings/security", note=note, revision=outcome.revision)


def _document(form: Form) -> dict[str, Any]:
    """Which document does the form describe? Raises Invalid for what is no number."""
    form.require_numbers(NUMBERS)
    return {
        "name": SECURITY_NAME,
        "passwords": {
            **{one.name: int(form.text(one.name)) for one in PASSWORDS},
            "name_refused": form.has("name_refused"),
        },
        "sign_in": {
            **{one.name: int(form.text(one.name)) for one in SIGN_IN},
            "show_last_sign_in": form.has("show_last_sign_in"),
            "notice": form.text("notice"),
        },
        "require_second_factor": form.has("require_second_factor"),
        "operation_protection": {
            "enabled": form.has("operation_protection"),
            **{one.name: int(form.text(one.name)) for one in PROTECTION},
        },
    }


def _at_fields(error: BailiwickError) -> BailiwickError:
    """The same, with each finding at the field of the page (`passwords.minimum_length` at `minimum_length`)."""
    if not isinstance(error, Invalid):
        return error
    return Invalid(replace(one, place=one.place.rpartition(".")[2]) for one in error.findings)
