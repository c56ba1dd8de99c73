"""Settings › Identity providers: who says who people are, as which client, and the secret that is given apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.console.ways_in import begin_url
from bailiwick.errors import BailiwickError, Conflict, Denied, Finding, Invalid
from bailiwick.model.federation import (
    DEFAULT_SCOPES,
    EMAIL_CLAIM,
    NAME_CLAIM,
    NEW_USERS,
)
from bailiwick.service.federation.providers import (
    has_client_secret,
    redirect_uri,
    set_client_secret,
)
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Found

KIND = "IdentityProvider"
LIST, READ = "iam.identity-provider.list", "iam.identity-provider.read"
CREATE = "iam.identity-provider.create"
AUTHORITY = ("iam.policy.create", "iam.role.assign")
TEXTS = ("title", "issuer", "client_id", "name_claim", "email_claim", "description")
FIELDS = (
    "name",
    *TEXTS,
    "scopes",
    "new_users",
    "email_domains",
    "trusts_mfa",
    "maximum_age_minutes",
    "state",
)
PROVIDERS = ObjectPages(
    KIND,
    "Identity providers",
    (Tab("Overview"),),
    heading="Settings",
    at="/settings/identity-providers",
)


def provider_entries() -> list[Entry]:
    """Which lines has this subject?"""
    read, update = PROVIDERS.readings, (*PROVIDERS.readings, *PROVIDERS.updates, *AUTHORITY)
    path, one = PROVIDERS.path, PROVIDERS.path_of()
    edit, secret = PROVIDERS.path_of("edit"), PROVIDERS.path_of("secret")
    return [
        get(path, list_providers, LIST, *read),
        get(f"{path}/new", show_new, CREATE),
        post(f"{path}/new", create_provider, CREATE, *AUTHORITY),
        get(one, show_provider, *read),
        get(edit, show_edit, *read),
        post(edit, change_provider, *update),
        get(secret, ask_secret, *read),
        post(secret, give_secret, *update),
        *object_entries(PROVIDERS),
    ]


def list_providers(page: Page) -> Response:
    """Through whom do people sign in?"""
    listed = list_objects(page, KIND)
    may_create = page.may(CREATE, iam_service())
    return page.render("federation/providers.html", listed=listed, may_create=may_create)


def show_provider(page: Page) -> Response:
    """One identity provider: what it must know of us, and what we believe."""
    found = PROVIDERS.get(page)
    rules = [
        rule.name
        for rule in page.snapshot.account.federation_rules.values()
        if rule.provider == found.name and page.reader.may_read("FederationRule", rule.name, rule)
    ]
    return PROVIDERS.show(
        page,
        found,
        "federation/provider.html",
        redirect=redirect_uri(page.host, page.account, found.name),
        direct=page.host.public_url + begin_url(page.account, found.name),
        has_secret=has_client_secret(page.snapshot, found.name),
        rules=sorted(rules),
        may_change=page.judge.could_hold_any(PROVIDERS.updates),
        may_delete=page.judge.could_hold_any(PROVIDERS.deletions),
    )


def show_new(page: Page) -> Response:
    """Who is it?"""
    page.judge.require(CREATE, iam_service())
    form = Form.of(
        {
            "scopes": DEFAULT_SCOPES,
            "name_claim": NAME_CLAIM,
            "email_claim": EMAIL_CLAIM,
            "new_users": NEW_USERS[0],
            "maximum_age_minutes": "0",
        }
    )
    return page.render("federation/edit_provider.html", form=form, is_new=True)


def create_provider(page: Page) -> Response:
    """The account believes it from now on."""
    name = page.form.text("name")
    try:
        outcome = page.create(KIND, _said(page.form, name))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=True)
    note = f"Identity provider {name} was created. Give its client secret next."
    return PROVIDERS.redirect(page, name, "secret", note=note, revision=outcome.revision)


def show_edit(page: Page) -> Response:
    """The form of a provider that is there."""
    return page.render("federation/edit_provider.html", form=_form_of(PROVIDERS.get(page)), is_new=False)


def change_provider(page: Page) -> Response:
    """It is believed so from now on; visits by another issuer end."""
    found = PROVIDERS.get(page)
    try:
        outcome = page.replace(KIND, _said(page.form, found.name), since=page.form.get("since"))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=False)
    return PROVIDERS.redirect(page, found.name, note="The provider was changed.", revision=outcome.revision)


def _again(page: Page, error: BailiwickError, *, is_new: bool) -> Response:
    if isinstance(error, Denied) and error.reason == "no_matching_policy":
        raise error
    form = page.form.failed(error, *FIELDS)
    return page.render("federation/edit_provider.html", status=status_of(error), form=form, is_new=is_new)


def ask_secret(page: Page) -> Response:
    """Which secret did the provider give the account's client?"""
    return _ask_secret(page, Form())


def _ask_secret(page: Page, form: Form, status: int = 200) -> Response:
    found = PROVIDERS.get(page)
    has_secret = has_client_secret(page.snapshot, found.name)
    return page.render(
        "federation/secret.html",
        status=status,
        objects=PROVIDERS,
        found=found,
        form=form,
        has_secret=has_secret,
    )


def give_secret(page: Page) -> Response:
    """It is kept from now on, and never shown."""
    found, secret = PROVIDERS.get(page), page.form.text("secret")
    try:
        set_client_secret(page.host, page.session, found.name, secret)
    except Invalid as error:
        return _ask_secret(page, page.form.failed(error, "secret"), status_of(error))
    note = "The client secret is kept." if secret else "There is no client secret any more."
    return PROVIDERS.redirect(page, found.name, note=note)


def _form_of(found: Found) -> Form:
    said = found.document
    return Form.of(
        {
            "name": found.name,
            **{field: str(said.get(field) or "") for field in TEXTS},
            "name_claim": str(said.get("name_claim", NAME_CLAIM)),
            "email_claim": str(said.get("email_claim", EMAIL_CLAIM)),
            "scopes": said.get("scopes", DEFAULT_SCOPES),
            "email_domains": said.get("email_domains", ()),
            "new_users": str(said.get("new_users", NEW_USERS[0])),
            "maximum_age_minutes": str(said.get("maximum_age_minutes", 0)),
            **({"trusts_mfa": "yes"} if said.get("trusts_mfa") else {}),
            "state": "disabled" if said.get("disabled") else "enabled",
            "since": str(found.identity.revision),
        }
    )


def _said(form: Form, name: str) -> Mapping[str, Any]:
    """Which document does the form describe? Raises Invalid for what is no number."""
    minutes = form.text("maximum_age_minutes") or "0"
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 10):
        raise Invalid([Finding(f"expected a whole number, got `{minutes[:40]}`", "maximum_age_minutes")])
    said: dict[str, Any] = {"name": name, **{field: text for field in TEXTS if (text := form.text(field))}}
    said |= {"new_users": form.get("new_users"), "maximum_age_minutes": int(minutes)}
    said |= {field: list(form.all(field)) for field in ("scopes", "email_domains") if form.all(field)}
    said |= {"trusts_mfa": form.has("trusts_mfa"), "disabled": form.get("state") == "disabled"}
    return said
