"""Settings › Provisioning: where a directory connects, and which service IDs keep users and groups in step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get
from bailiwick.model.accounts import Account
from bailiwick.service.kinds import find_value, list_values
from bailiwick.service.needed import iam_service
from bailiwick.service.scim.consent import provisioner_of

LIST_SERVICE_IDS, CREATE_SERVICE_ID = "iam.service-id.list", "iam.service-id.create"
ADDRESS = "/scim/v2"
KINDS = ("User", "Group")
_SERVICE_ID = "service-id:"


@dataclass(frozen=True, slots=True)
class Directory:
    """One service ID that provisions; how many users and groups, None: the visitor may not list them."""

    name: str
    disabled: bool
    users: int | None
    groups: int | None


def provisioning_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/settings/provisioning", show_provisioning, LIST_SERVICE_IDS)]


def show_provisioning(page: Page) -> Response:
    """Where does a directory connect, and which do?"""
    page.judge.require(LIST_SERVICE_IDS, iam_service())
    account = page.snapshot.account
    counted = page.snapshot.derived("provisioned", _count)
    users, groups = (page.reader.may_list(kind) for kind in KINDS)
    directories = [
        Directory(
            name,
            find_value(account, "ServiceId", name).disabled,
            counted["User", name] if users else None,
            counted["Group", name] if groups else None,
        )
        for name in sorted({name for _, name in counted})
    ]
    return page.render(
        "settings/provisioning.html",
        address=page.host.public_url.rstrip("/") + ADDRESS,
        directories=directories,
        may_create=page.may(CREATE_SERVICE_ID, iam_service()),
    )


def _count(account: Account) -> Counter[tuple[str, str]]:
    """How many of each kind has each provisioner?"""
    found: Counter[tuple[str, str]] = Counter()
    for kind in KINDS:
        for value in list_values(account, kind).values():
            by = provisioner_of(value)
            if by is not None:
                found[kind, by.removeprefix(_SERVICE_ID)] += 1
    return found
