"""One's own identities at identity providers: linked by going there and saying yes, taken away again."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.pages.federation.signing_in import lead_to_provider
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import NotFound
from bailiwick.service.federation.linking import (
    Linked,
    find_pending,
    link_pending,
    linked_to,
    require_own_proof,
    unlink_own,
)
from bailiwick.service.federation.providers import list_believed
from bailiwick.service.people.rights import get_user

OWN = "one's own identities are one's own affair; the service asks for a recent sign-in, in person"
PATH = "/me/identities"


def own_identity_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get(PATH, show_identities, public=OWN),
        get(f"{PATH}/link/{{name}}", begin_link, public=OWN),
        get(f"{PATH}/confirm", ask_link, public=OWN),
        post(f"{PATH}/confirm", link, public=OWN),
        get(f"{PATH}/{{name}}/unlink", ask_unlink, public=OWN),
        post(f"{PATH}/{{name}}/unlink", unlink, public=OWN),
    ]


def _mine(page: Page) -> list[Linked]:
    principal = page.session.principal
    if not principal.startswith("user:"):
        return []
    return linked_to(page.snapshot, get_user(page.snapshot, principal.removeprefix("user:")))


def _get(page: Page) -> Linked:
    found = next((one for one in _mine(page) if one.record.uid == page.name), None)
    if found is None:
        raise NotFound("you have no such identity", "it may have been taken away meanwhile")
    return found


def show_identities(page: Page) -> Response:
    """Through whom do I sign in, and could I?"""
    return page.render(
        "federation/own.html", linked=_mine(page), providers=list_believed(page.host, page.account)
    )


def begin_link(page: Page) -> Response:
    """To the provider, and back to the question whether that is me."""
    require_own_proof(page.host, page.visit)
    return lead_to_provider(page, page.account, page.name, visit_uid=page.visit.uid)


def ask_link(page: Page) -> Response:
    """Is that me?"""
    pending = find_pending(page.host, page.visit)
    if pending is None:
        return page.redirect(PATH)
    provider = page.snapshot.names_by_uid().get(pending.provider_uid, ("", ""))[1]
    return page.render("federation/confirm.html", pending=pending, provider=provider)


def link(page: Page) -> Response:
    """From now on I sign in by it, too."""
    link_pending(page.host, page.visit)
    return page.redirect(PATH, note="You can sign in with this identity from now on.")


def ask_unlink(page: Page) -> Response:
    """What ends with it?"""
    return page.render("federation/unlink.html", linked=_get(page), back=page.url(PATH), whose="your")


def unlink(page: Page) -> Response:
    """Nobody signs in as me by it any more."""
    own = _get(page).record
    unlink_own(page.host, page.visit, own.uid)
    return page.redirect(PATH, note="The identity was unlinked.")
