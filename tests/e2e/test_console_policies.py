"""Policies in the console, by a browser without scripts: list, builder, preview, both views, ending."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

IMAGE = "brn:acme:ims:eu-de::image/base"
FORM: dict[str, str | list[str]] = {
    "view": "form",
    "name": "designers-images",
    "subject": ["group:designers", ""],
    "service": ["ims", ""],
    "region": "eu-de",
    "role": ["IMS FullAccess", ""],
    "effect": "allow",
    "state": "enabled",
}


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(
        {"kind": "User", "name": "bob"},
        {"kind": "User", "name": "zoe"},
        {"kind": "Group", "name": "designers", "members": ["user:bob"]},
        {"kind": "Resource", "name": IMAGE},
        {
            "kind": "Policy",
            "name": "designers-look",
            "subjects": ["group:designers"],
            "roles": ["IMS ReadOnlyAccess"],
            "scope": {"service": "ims"},
            "when": {"not": {"key": "context.mfa", "operator": "bool-equals", "value": False}},
        },
        {
            "kind": "Policy",
            "name": "zoe-administers",
            "subjects": ["user:zoe"],
            "roles": ["Administrator"],
            "scope": {"service": "ims"},
        },
    )
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def policy_of(server: RunningServer, name: str) -> dict[str, object] | None:
    """How is the policy stored?"""
    policy = server.host.snapshot("acme").account.policies.get(name)
    return None if policy is None else {"roles": policy.roles, "enabled": policy.enabled, "when": policy.when}


def hidden(page: str, name: str) -> str:
    """What does this hidden field hold?"""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])


def preview(browser: Browser, fields: dict[str, str | list[str]]) -> str:
    """What does the preview say beside these fields?"""
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#preview"}
    reply = browser.post("/policy-builder/preview", fields, headers=headers)
    assert reply.status == 200, reply.text
    assert "<html" not in reply.text
    return words_of(reply.text)


def test_the_list_says_each_policy_in_words_and_is_filtered(owner: Browser) -> None:
    """Name, sentence, state; filters by subject, role, service, effect and state."""
    page = words_of(owner.get("/policies").text)
    assert "designers may be IMS ReadOnlyAccess of Image Management Service" in page
    for query, shown in (
        ("subject=user:zoe", {"zoe-administers"}),
        ("role=Administrator", {"zoe-administers"}),
        ("q=designers", {"designers-look"}),
        ("effect=deny", set()),
        ("state=disabled", set()),
    ):
        listed = owner.get(f"/policies?{query}").text
        assert {name for name in ("designers-look", "zoe-administers") if f">{name}<" in listed} == shown, (
            query
        )
    assert "No policy found" in owner.get("/policies?effect=deny").text


def test_a_policy_is_built_seen_changed_and_ended(server: RunningServer, owner: Browser) -> None:
    """From the builder to its page, switched off and on, and deleted; each step says what it did."""
    made = owner.post("/policies/new", FORM)
    assert (made.status, made.headers["location"]) == (
        303,
        "/console/accounts/acme/policies/designers-images",
    )
    page = words_of(owner.get("/policies/designers-images").text)
    assert "designers may be IMS FullAccess of Image Management Service , region eu-de" in page
    assert "1 principal 1 registered resource" in page
    assert "ims:images:delete" in page

    edit = owner.get("/policies/designers-images/edit").text
    assert 'value="IMS FullAccess"' in edit
    changed = {
        **FORM,
        "role": "IMS ReadOnlyAccess",
        "since": hidden(edit, "since"),
        "old": "designers-images",
    }
    assert owner.post("/policies/designers-images/edit", changed).status == 303
    late = owner.post("/policies/designers-images/edit", {**changed, "role": "IMS FullAccess"})
    assert late.status == 409
    assert "was changed meanwhile" in late.text
    stored = policy_of(server, "designers-images")
    assert stored is not None
    assert stored["roles"] == ("IMS ReadOnlyAccess",)

    for verb, enabled in (("disable", False), ("enable", True)):
        asked = owner.get(f"/policies/designers-images/{verb}").text
        assert ("No longer possible" if verb == "disable" else "Newly possible") in asked
        done = owner.post(f"/policies/designers-images/{verb}", {"since": hidden(asked, "since")})
        assert done.status == 303
        stored = policy_of(server, "designers-images")
        assert stored is not None
        assert stored["enabled"] is enabled
    asked = owner.get("/policies/designers-images/delete").text
    assert "bob" in words_of(asked)
    assert owner.post("/policies/designers-images/delete", {"since": hidden(asked, "since")}).status == 303
    assert policy_of(server, "designers-images") is None
    assert "was deleted" in owner.get("/policies").text


def test_the_preview_says_what_it_would_do_and_does_nothing(server: RunningServer, owner: Browser) -> None:
    """Reach, what becomes possible, what is lost, what to mind; half a policy is no error."""
    before = server.export()
    said = preview(owner, FORM)
    assert "1 principal 1 registered resource" in said
    assert "Newly possible 1 principal" in said
    assert "image: base (eu-de)" in said
    assert "It deletes" not in said
    assert "It deletes in the whole account" in preview(owner, {**FORM, "region": ""})
    assert "Name somebody and a role" in preview(owner, {"view": "form", "subject": "group:designers"})
    assert "unknown role" in preview(owner, {**FORM, "role": "Emperor"})
    assert "there is a policy designers-look already" in re.sub(
        r" +", " ", preview(owner, {**FORM, "name": "designers-look"})
    )
    conditional = preview(owner, {**FORM, "networks": "10.0.0.0/8", "mfa": "yes"})
    assert "where its conditions hold: from 10.0.0.0/8, with a second factor" in conditional
    assert "Newly possible 1 principal" in conditional
    assert server.export() == before


def test_both_views_say_the_same(server: RunningServer, owner: Browser) -> None:
    """Sentences to YAML and back, with what sentences cannot show kept and shown as such; saved from either."""
    edit = owner.get("/policies/designers-look/edit").text
    assert "Kept as it is" in edit
    assert "not: {key: context.mfa, operator: bool-equals, value: false}" in unescape(edit)
    more = unescape(re.search(r'<textarea[^>]*name="more"[^>]*>([^<]*)<', edit)[1])  # type: ignore[index]  # it is there
    fields: dict[str, str | list[str]] = {
        **FORM, "name": "designers-look", "role": "IMS ReadOnlyAccess", "region": "", "more": more,
        "since": hidden(edit, "since"), "old": "designers-look",
    }  # fmt: skip
    as_yaml = owner.post("/policies/designers-look/edit", {**fields, "show": "yaml"}).text
    text = unescape(re.search(r'<textarea[^>]*name="yaml"[^>]*>([^<]*)<', as_yaml)[1])  # type: ignore[index]
    assert text.startswith("name: designers-look\nsubjects: [group:designers]\n")
    assert "when: {not: {key: context.mfa, operator: bool-equals, value: false}}" in text
    sent = {"view": "yaml", "yaml": text, "since": hidden(edit, "since"), "old": "designers-look"}
    back = owner.post("/policies/designers-look/edit", {**sent, "show": "form"}).text
    assert "Kept as it is" in back
    assert owner.post("/policies/designers-look/edit", sent).status == 303
    assert "is as it was" in owner.get("/policies/designers-look").text
    wider = {**sent, "yaml": text + "state: disabled\n"}
    assert owner.post("/policies/designers-look/edit", wider).status == 303
    stored = policy_of(server, "designers-look")
    assert stored is not None
    assert stored["enabled"] is False


def test_a_form_keeps_its_input_with_the_error_at_its_field(owner: Browser) -> None:
    """Wrong role, wrong network, broken YAML: what was written stays, and the message stands where it belongs."""
    wrong = owner.post(
        "/policies/new", {**FORM, "role": "Emperor", "networks": "here", "description": "<b>mine</b>"}
    )
    assert wrong.status == 400
    assert 'value="Emperor"' in wrong.text
    assert "&lt;b&gt;mine&lt;/b&gt;" in wrong.text
    assert 'value="here"' in wrong.text
    unknown = owner.post("/policies/new", {**FORM, "role": "Emperor"}).text
    assert re.search(r'is-invalid" name="role"', unknown)
    broken = owner.post("/policies/new", {"view": "yaml", "yaml": "name: [x"})
    assert broken.status == 400
    assert "name: [x" in broken.text
    renamed = owner.post("/policies/designers-look/edit", {**FORM, "old": "designers-look"})
    assert "a policy keeps its name" in renamed.text


def test_a_copy_begins_without_a_name(owner: Browser) -> None:
    """Cloning fills the builder; the address can be made by other pages, too."""
    page = owner.get("/policies/new?from=zoe-administers").text
    assert 'value="user:zoe"' in page
    assert 'value="zoe-administers"' not in page
    filled = owner.get("/policies/new?subject=group:designers&role=Viewer&service=ims&region=eu-de").text
    assert 'value="group:designers"' in filled
    assert 'value="eu-de"' in filled


def test_what_the_engine_refuses_is_refused(server: RunningServer, owner: Browser) -> None:
    """The administrator of one service builds policies there and nowhere else, and of others sees no effect."""
    zoe = visitor(server, "user:zoe")
    assert "told to who holds iam.decision.evaluate" in preview(zoe, FORM)
    other = {**FORM, "service": "vpc", "role": "VPC ReadOnlyAccess", "region": ""}
    refused = zoe.post("/policies/new", other)
    assert refused.status == 403
    assert "lacks iam.policy.create over service vpc" in words_of(refused.text)
    assert 'value="designers-images"' in refused.text
    assert zoe.post("/policies/new", FORM).status == 303
    assert owner.get("/policies/designers-images").status == 200


def test_roles_are_offered_of_the_chosen_services(owner: Browser) -> None:
    """By their own names where one service is chosen, in full where several could be meant."""
    one = owner.get("/policy-builder/roles?service=ims&role=read").text
    assert re.findall(r'value="([^"]*)"', one) == ["IMS ReadOnlyAccess"]
    assert 'value="ims/IMS ReadOnlyAccess"' in owner.get("/policy-builder/roles?role=ims%20read").text
