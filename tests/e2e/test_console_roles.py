"""The role pages, without scripts: seed 003's edit whole, what the form cannot show, matrix, comparison, clone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.host import Host

CLOUD = load_system_catalog()["cloud"]
EDIT = "/roles/one/edit?name=Developer"
FULL = {"kind": "Role", "name": "Developer", "service": "cloud", "rights": [{"actions": ["*"]}]}
VOLUME = ("Access", "Attach", "Configure", "Create", "Delete", "Detach", "ManageOwnership", "Snapshot")
MINE = ("Delete", "Detach", "ManageOwnership")

Fields = dict[str, str | list[str]]


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in; there is a Developer with full access, held by frank."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(
        FULL,
        {"kind": "User", "name": "frank"},
        {"kind": "Group", "name": "developers", "members": ["user:frank"]},
        {
            "kind": "Policy",
            "name": "developers-develop",
            "subjects": ["group:developers"],
            "roles": ["Developer"],
            "scope": {"service": "cloud"},
        },
    )
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def fields_of(text: str) -> Fields:
    """What would a browser send of the role editor's form, as it is shown?"""
    form = text.split('id="role-form"')[1]
    fields: Fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if said.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        name, value = unescape(said["name"]), unescape(said.get("value", ""))
        if name == "act":
            fields.setdefault("act", []).append(value)  # type: ignore[union-attr]  # a list
        elif name != "form-token":
            fields[name] = value
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[unescape(name)] = unescape(chosen[1]) if chosen else ""
    return fields


def seed_edit(fields: Fields) -> Fields:
    """Seed 003's edit: types deselected, Volume custom, three actions for one's own, one box unchecked."""
    none = {f"access.{type}": "no" for type in ("account", "ip", "network", "subnet")}
    others = [action for action in fields["act"] if not action.startswith("volume.")]
    mine = {f"q.volume.{action}": "mine" for action in MINE}
    boxes = [*others, *(f"volume.{action}" for action in VOLUME)]
    return {**fields, **none, "access.volume": "custom", **mine, "act": boxes}


def table_of(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """The resulting access rights: by resource type its access, and of a custom one each action's qualifier."""
    table = text.split('class="table table-vcenter card-table rights-table"')[1].split(
        "</table>", maxsplit=1
    )[0]
    found = {}
    for part in table.split("<tbody")[1:]:
        title = unescape(re.search(r'<th scope="rowgroup"[^>]*>([^<]*)</th>', part)[1])  # type: ignore[index]
        access = re.search(r"(No|Full|Custom) access", part)[1]  # type: ignore[index]
        rows = re.findall(
            r'<td class="action"><code>([^<]*)</code>.*?<td class="qualifier">([^<]*)', part, re.S
        )
        found[title] = (access, {action: qualifier.strip() for action, qualifier in rows})
    return found


def may(server: RunningServer, action: str, owned_by: str) -> bool:
    """May frank do this to a volume of this owner?"""
    body = {
        "subject": {"type": "user", "id": "frank"},
        "action": {"name": action},
        "resource": {"type": "cloud/volume", "id": "v-1", "properties": {"region": "us", "owner": owned_by}},
    }
    reply = server.owner().send("POST", "/accounts/acme/access/v1/evaluation", body)
    assert reply.status == 200, reply.text
    return bool(reply.json["decision"])


def test_the_role_edit_of_the_document(server: RunningServer, owner: Browser) -> None:
    """Seed 003: deselect four types, customise Volume, save; the table shows it, and users' rights follow."""
    before = fields_of(owner.get(EDIT).text)
    assert {value for name, value in before.items() if name.startswith("access.")} == {"full"}
    assert may(server, "volume.Detach", "user:other")
    reply = owner.post(EDIT, seed_edit(before))
    assert reply.status == 303, reply.text
    page = owner.get(reply.headers["location"]).text
    assert "Role Developer was saved." in words_of(page)
    table = table_of(page)
    assert {title: access for title, (access, _) in table.items() if access != "Full"} == {
        "Account": "No", "IP": "No", "Network": "No", "Subnet": "No", "Volume": "Custom",
    }  # fmt: skip
    assert table["Volume"][1] == {
        f"volume.{action}": "mine" if action in MINE else "any" for action in VOLUME
    }
    assert "22 actions taken away, 3 actions limited otherwise" in " ".join(page.split())
    for action in ("volume.Detach", "volume.Delete", "volume.ManageOwnership"):
        assert (may(server, action, "user:frank"), may(server, action, "user:other")) == (True, False)
    assert not may(server, "volume.ManageBilling", "user:frank")
    assert may(server, "volume.Attach", "user:other")


def test_the_edit_is_written_as_the_document_would(server: RunningServer, owner: Browser) -> None:
    """Whole types stay patterns, so that they take in what comes later; the rest are ids and qualifiers."""
    owner.post(EDIT, seed_edit(fields_of(owner.get(EDIT).text)))
    assert server.owner().get("roles", "Developer").json["rights"] == [
        {
            "actions": [
                "api-key.*", "blueprint.*", "firewall.*", "image.*", "load-balancer.*", "relational-database.*",
                "server.*", "snapshot.*", "ssh-key.*", "stack.*",
                "volume.Access", "volume.Attach", "volume.Configure", "volume.Create", "volume.Snapshot",
            ]
        },
        {"actions": ["volume.Delete", "volume.Detach", "volume.ManageOwnership"], "qualifier": "mine"},
    ]  # fmt: skip


def test_every_action_and_qualifier_can_be_chosen_and_comes_back(
    server: RunningServer, owner: Browser
) -> None:
    """All resource types and 99 actions of the service, each with each qualifier that it takes, round-trip."""
    fields = fields_of(owner.get(EDIT).text)
    assert len([name for name in fields if name.startswith("access.")]) == len(CLOUD.resource_types) == 15
    assert len(fields["act"]) == 99
    for word in ("", "mine", "my groups", "this group", "my budgets"):
        text = owner.get(EDIT).text
        wanted: Fields = {**fields_of(text), **{f"access.{name}": "custom" for name in CLOUD.resource_types}}
        offered = set(re.findall(rf'name="q\.([^"]*)"[^>]*>(?:(?!</select>).)*value="{word}"', text, re.S))
        wanted |= {f"q.{action}": word if action in offered else "" for action in CLOUD.actions}
        reply = owner.post(EDIT, {**wanted, "act": list(CLOUD.actions), "required": "leave"})
        assert reply.status == 303, reply.text[-3000:]
        again = fields_of(owner.get(EDIT).text)
        assert set(again["act"]) == set(CLOUD.actions)
        assert {id: again.get(f"q.{id}", "") for id in CLOUD.actions} == {
            id: word if id in offered else "" for id in CLOUD.actions
        }


def test_saving_what_is_shown_changes_nothing(server: RunningServer, owner: Browser) -> None:
    """Patterns, conditions, denies and several qualifiers at once survive, and no revision is made."""
    odd = {
        **FULL,
        "rights": [
            {"actions": ["server.*"], "qualifier": "my groups"},
            {"actions": ["volume.Detach"], "qualifier": "mine"},
            {"actions": ["volume.Detach"], "qualifier": "my budgets"},
            {"actions": ["*"], "level": "account"},
            {"actions": ["server.Terminate"], "effect": "deny"},
        ],
    }
    assert server.owner().apply(odd).status == 200
    text = owner.get(EDIT).text
    assert "Denies server.Terminate" in text
    assert "mine or my budgets" in text
    before = server.export()
    reply = owner.post(EDIT, fields_of(text))
    assert reply.status == 303
    assert "Nothing is different" in owner.get(reply.headers["location"]).text
    assert server.export() == before


def test_a_right_that_the_form_cannot_show_stays_or_goes_whole(server: RunningServer, owner: Browser) -> None:
    """It is left as it was by every edit, until its own box takes it away."""
    deny = {"actions": ["server.Terminate"], "effect": "deny"}
    assert server.owner().apply({**FULL, "rights": [{"actions": ["*"]}, deny]}).status == 200
    owner.post(EDIT, seed_edit(fields_of(owner.get(EDIT).text)))
    assert deny in server.owner().get("roles", "Developer").json["rights"]
    places = range(len(server.owner().get("roles", "Developer").json["rights"]))
    others = [str(one) for one in places if f'name="drop" value="{one}"' not in owner.get(EDIT).text]
    assert owner.post(EDIT, {**fields_of(owner.get(EDIT).text), "drop": others}).status == 303
    assert deny in server.owner().get("roles", "Developer").json["rights"]
    place = re.search(r'name="drop" value="(\d+)"', owner.get(EDIT).text)
    assert place is not None
    assert owner.post(EDIT, {**fields_of(owner.get(EDIT).text), "drop": place[1]}).status == 303
    assert deny not in server.owner().get("roles", "Developer").json["rights"]


def test_full_access_and_none_for_the_whole_role(server: RunningServer, owner: Browser) -> None:
    """Both buttons fill the form and save nothing; a role that gives nothing is refused in words."""
    shown = fields_of(owner.get(EDIT).text)
    revoked = owner.post(EDIT, {**shown, "set": "no"})
    assert revoked.status == 200
    fields = fields_of(revoked.text)
    assert {value for name, value in fields.items() if name.startswith("access.")} == {"no"}
    reply = owner.post(EDIT, fields)
    assert reply.status == 400
    assert "the role would give no access at all" in reply.text
    full = owner.post(EDIT, {**fields, "set": "full"})
    assert {value for name, value in fields_of(full.text).items() if name.startswith("access.")} == {"full"}
    assert server.owner().get("roles", "Developer").json["rights"] == [{"actions": ["*"]}]


def test_a_missing_prerequisite_is_offered(server: RunningServer, owner: Browser) -> None:
    """Detaching requires access: the editor says so before it saves, adds it when asked, or saves as it is."""
    create = "/roles/create?service=cloud"
    fields: Fields = {**fields_of(owner.get(create).text), "name": "Detacher", "access.volume": "custom"}
    fields |= {"act": ["volume.Detach"], "q.volume.Detach": "mine"}
    asked = owner.post(create, fields)
    assert asked.status == 200
    assert "<code>volume.Detach</code> requires <code>volume.Access</code>" in asked.text
    assert server.owner().get("roles", "Detacher").status == 404
    assert owner.post(create, {**fields, "required": "add"}).status == 303
    rights = server.owner().get("roles", "Detacher").json["rights"]
    assert rights == [{"actions": ["volume.Access", "volume.Detach"], "qualifier": "mine"}]
    assert owner.post(create, {**fields, "name": "Detacher 2", "required": "leave"}).status == 303


def test_only_fitting_qualifiers_are_offered(owner: Browser) -> None:
    """Creations ignore qualifiers and offer none; a type without an owner offers none either."""
    text = owner.get(EDIT).text
    assert 'name="q.volume.Detach"' in text
    for action in ("volume.Create", "firewall.Create", "ip.Assign", "account.Access"):
        assert f'name="q.{action}"' not in text
    reply = owner.post(
        EDIT, {**fields_of(text), "access.ip": "custom", "q.ip.Assign": "mine", "required": "leave"}
    )
    assert reply.status == 400
    assert "ip.Assign cannot be limited to mine" in words_of(reply.text)


def test_a_form_that_is_out_of_date_changes_nothing(server: RunningServer, owner: Browser) -> None:
    """Whoever saves second is told, and the form keeps what was chosen."""
    fields = seed_edit(fields_of(owner.get(EDIT).text))
    assert server.owner().apply({**FULL, "description": "meanwhile"}).status == 200
    reply = owner.post(EDIT, fields)
    assert reply.status == 409
    assert "was changed meanwhile" in reply.text
    assert fields_of(reply.text)["access.account"] == "no"


def test_what_one_may_not_hand_over_is_refused_at_the_form(server: RunningServer, owner: Browser) -> None:
    """A role administrator without authority over the role's policy widens nothing, and keeps what was chosen."""
    documents: list[Mapping[str, object]] = [
        {"kind": "User", "name": "rolf"},
        {"kind": "Role", "name": "Role keeper", "service": "iam", "rights": [{"actions": ["iam.role.*"]}]},
        {
            "kind": "Policy",
            "name": "rolf-keeps-roles",
            "subjects": ["user:rolf"],
            "roles": ["Role keeper"],
            "scope": {"service": "iam"},
        },
        {**FULL, "rights": [{"actions": ["volume.*"]}]},
    ]
    assert server.owner().apply(*documents).status == 200
    rolf = visitor(server, "user:rolf")
    fields = {**fields_of(rolf.get(EDIT).text), "access.server": "full"}
    reply = rolf.post(EDIT, fields)
    assert reply.status == 403
    assert "Nothing was changed" in reply.text
    assert "changes, and you lack iam.policy.create over service cloud" in words_of(reply.text)
    assert fields_of(reply.text)["access.server"] == "full"
    assert server.owner().get("roles", "Developer").json["rights"] == [{"actions": ["volume.*"]}]


def test_the_list_finds_roles_and_counts_their_policies(owner: Browser) -> None:
    """Custom and system roles, by service; how many policies hold each."""
    text = owner.get("/roles").text
    assert "Developer" in text
    assert "IMS ReadOnlyAccess" in text
    assert '1<span class="visually-hidden"> policies hold Developer' in text
    custom = owner.get("/roles?kind=custom&service=cloud").text
    assert "Developer" in custom
    assert "IMS ReadOnlyAccess" not in custom
    assert "No role found" in owner.get("/roles?q=nothing+like+this").text


def test_system_roles_are_a_matrix(owner: Browser) -> None:
    """Actions down, roles across, as the documents print it; operations too, those that are discontinued marked."""
    text = owner.get("/roles/matrix?service=container-registry").text
    assert "Discontinued since" in text
    row = text.split('id="container-registry.image.push"')[1].split("</tr>")[0]
    roles = [
        role for role in ("Administrator", "Reader", "Writer", "Manager") if f"<span>{role}</span>" in text
    ]
    marks = ["given</span>" in cell and "not given" not in cell for cell in row.split("<td")[1:]]
    assert dict(zip(roles, marks, strict=True)) == {
        "Administrator": False, "Reader": False, "Writer": True, "Manager": True,
    }  # fmt: skip
    found = owner.get("/roles/matrix?service=container-registry&q=push").text
    assert "container-registry.image.push" in found
    assert "container-registry.namespace.create" not in found


def test_two_roles_are_compared(server: RunningServer, owner: Browser) -> None:
    """Only in one, only in the other, alike, and limited differently; of one service only."""
    owner.post(EDIT, seed_edit(fields_of(owner.get(EDIT).text)))
    text = owner.get("/roles/compare?a=Developer&b=cloud/Admin").text
    figures = [int(one) for one in re.findall(r'class="h2 m-0">(\d+)<', text)]
    assert figures == [0, 22, 3, 74]
    assert owner.get("/roles/compare?a=Developer&b=ims/Viewer").status == 400


def test_a_system_role_is_cloned_and_not_changed(server: RunningServer, owner: Browser) -> None:
    """The copy holds what a custom role can hold, and says what was left out; the original has no editor."""
    address = "/roles/create?from=cloud/Administrator"
    page = owner.get(address).text
    assert "Not everything can be cloned" in page
    assert owner.post(address, {**fields_of(page), "required": "leave"}).status == 303
    held = table_of(owner.get("/roles/one?name=Copy of Administrator".replace(" ", "%20")).text)
    assert {access for access, _ in held.values()} == {"Custom"}
    assert owner.get("/roles/one/edit?name=cloud/Administrator").status == 409


def test_links_by_name_lead_to_the_role(owner: Browser) -> None:
    """Other pages link to a role by its name, or by `service/name`."""
    for link, name in (("/roles/Developer", "Developer"), ("/roles/ims/Viewer", "ims/Viewer")):
        assert owner.get(link).headers["location"].endswith(f"/roles/one?name={name.replace('/', '%2F')}")
