"""Walks through the console from end to end, by people who sign in with what they chose: nothing beside the pages.

Source: Open Telekom Cloud, "Creating a User and Granting Permissions" (Image Management Service): group, permission,
user, sign in, region, verification.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, expect
from tests.browser.steps import People
from tests.browser.visiting import PASSWORD, link_of
from tests.e2e.server import OWNER, RunningServer

REFUSED = ("Updating image information", "Deleting images", "Create Private Image (server or file)")
MISSING = ("ims:images:update", "ims:images:delete", "ims:serverImages:create")
CLOSED = "Insufficient permissions to access the service"
HERE = """open /console/accounts/acme/services
choose Region: eu-de
press Switch
"""


@pytest.fixture
def people(browser: Browser, server: RunningServer) -> Iterator[People]:
    """People in front of browsers of their own; what they have not kept is their password."""
    made = People(browser, server.address, lambda name: PASSWORD)
    yield made
    for page in made.pages.values():
        page.context.close()


def sign_in(name: str) -> str:
    """The steps by which somebody signs in who has a password."""
    return f"open /console\nwrite Account: acme\nwrite User name: {name}\nwrite Password: $PASSWORD\npress Sign in"


def test_the_walk_of_open_telekom_cloud(people: People, server: RunningServer) -> None:
    """A group with a permission, a user in it by invitation; as that user: what is granted works, nothing else does."""
    people.kept["OWNER_LINK"] = link_of(server, OWNER)
    people.do("owner", "open $OWNER_LINK\nwrite Password: $PASSWORD\nwrite Password, once more: $PASSWORD")
    people.do("owner", "press Choose and sign in\nopen /console/accounts/acme/groups\npress Create group")
    people.do("owner", "write Name: imagers\npress Create\nsee imagers")
    people.do("owner", "open /console/accounts/acme/policies\npress New policy")
    people.do("owner", "write Groups, users, service IDs or profiles: group:imagers")
    people.do("owner", "choose Service: Image Management Service\nwrite Region: eu-de")
    people.do("owner", "write Role: IMS ReadOnlyAccess\nwrite Name: imagers-eu-de\npress Create policy")
    people.do("owner", "open /console/accounts/acme/users\npress Invite user\nwrite Name: nina")
    people.do("owner", "write Email: nina@acme.example\nwrite Groups: imagers\npress Make the link")
    people.do("owner", "keep One-time link as NINA_LINK")
    people.do("nina", "open $NINA_LINK\nwrite Password: $PASSWORD\nwrite Password, once more: $PASSWORD")
    people.do("nina", "press Accept and sign in\nsee nina")
    people.do("nina again", sign_in("nina"))
    before = server.export()
    people.do("nina again", HERE + "press Image Management Service")
    people.do("nina again", "press Try Querying images\nsee Allowed")
    for operation, action in zip(REFUSED, MISSING, strict=True):
        people.do("nina again", HERE + "press Image Management Service")
        people.do(
            "nina again", f"press Try {operation}\nsee Insufficient permissions\nsee Missing action: {action}"
        )
    people.do("nina again", f"open /console/accounts/acme/services/ims?region=eu-nl\nsee {CLOSED}")
    people.do("nina again", HERE + f"press Virtual Private Cloud\nsee {CLOSED}")
    assert server.export() == before
    people.do("somebody", "open $NINA_LINK\nsee This link is not good")


def test_signing_in_takes_a_code_once_there_is_a_second_factor(people: People, server: RunningServer) -> None:
    """The phone is set up by two codes in a row; then the password alone is not enough, and no code is good twice."""
    people.kept["LINK"] = link_of(server, "user:bob")
    people.do("bob", "open $LINK\nwrite Password: $PASSWORD\nwrite Password, once more: $PASSWORD")
    people.do("bob", "press Choose and sign in\nopen /console/accounts/acme/me/second-factor\npress Begin")
    seed = people.page_of("bob").locator("code.seed").text_content() or ""
    phone = pyotp.TOTP(seed)
    first, second = phone.at(int(server.clock()) - 30), phone.at(int(server.clock()))
    people.do("bob", f"write First code: {first}\nwrite The code after it: {second}\npress Set up")
    codes = people.page_of("bob").locator(".recovery-codes code")
    expect(codes).to_have_count(10)
    recovery = codes.first.text_content()
    people.do("bob", "press I have kept them\nsee Second factor")
    people.do(
        "bob elsewhere", f"{sign_in('bob')}\nsee Code\nwrite Code: {second}\npress Sign in\nnot see bob"
    )
    server.clock.advance(30)
    now = phone.at(int(server.clock()))
    people.do("bob elsewhere", f"write Code: {now}\npress Sign in\nopen /console/accounts/acme/me\nsee bob")
    people.do("bob abroad", f"{sign_in('bob')}\nwrite Code: {recovery}\npress Sign in")
    people.do("bob abroad", "open /console/accounts/acme/me\nsee 9 recovery codes left")
