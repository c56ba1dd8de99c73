"""Chains of changes by which a delegate could have come to more than was theirs, each tried over HTTP to its end.

tests/e2e/test_escalation.py tries every way of rule 9.3 alone; here each test has its own server and its own small
world, in which all `iam` actions of the chain are held, so that only what would be handed over stops it.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.server import Client, Reply, RunningServer

Document = dict[str, Any]

HELP = "ask somebody who may grant this, or the account's owner"
CREATE, ASSIGN = "iam.policy.create", "iam.role.assign"
IMAGE = "brn:acme:ims:eu-de::image/base"
ACCOUNT = "brn:acme:iam:::account/acme"
RECORD = "brn:acme:rec:::record/1"


def role(name: str, *actions: str, service: str = "iam", **more: object) -> Document:
    """A custom role with one right."""
    return {"kind": "Role", "name": name, "service": service, "rights": [{"actions": list(actions), **more}]}


def policy(name: str, subject: str, role: str, scope: object, **more: object) -> Document:
    """A policy for one subject and role."""
    return {"kind": "Policy", "name": name, "subjects": [subject], "roles": [role], "scope": scope, **more}


def delegate(*actions: str) -> list[Document]:
    """The user `dora`, and that she may do this to Bailiwick's own objects."""
    return [
        {"kind": "User", "name": "dora"},
        role("Delegate", *actions),
        policy("delegated", "user:dora", "Delegate", {"service": "iam"}),
    ]


def when(key: str, operator: str, value: object) -> Document:
    """One comparison."""
    return {"key": key, "operator": operator, "value": value}


def lacks(action: str, scope: str, because: str, role: str = "") -> Document:
    """Which error, whole, refuses a change for lack of authority?"""
    of = f" for role `{role}`" if role else ""
    detail = f"{because}, and you lack `{action}`{of} over {scope}"
    return {"code": "denied", "detail": detail, "action": action, "reason": "no_authority", "help": HELP}


def hold(server: RunningServer, *documents: Document) -> Client:
    """The owner, once the account holds this."""
    owner = server.owner()
    reply = owner.apply(*documents)
    assert reply.status == 200, reply.text
    return owner


def assert_refused(reply: Reply, error: Document) -> None:
    """The reply is a refusal with just this error."""
    assert reply.status == 403, reply.text
    assert reply.error == error


def asks(caller: Client, action: str, kind: str, resource: str, **said: object) -> bool:
    """Is the caller allowed this on a resource of which something is said?"""
    who, _, name = caller.whoami.partition(":")
    body = {
        "subject": {"type": who, "id": name},
        "action": {"name": action},
        "resource": {"type": kind, "id": resource, "properties": said},
    }
    reply = caller.send("POST", "/access/v1/evaluation", body)
    assert reply.status == 200, reply.text
    return bool(reply.json["decision"])


GRANTING = ["iam.policy.create", "iam.policy.update", "iam.role.update", "iam.role.read"]


@pytest.mark.parametrize("names", [None, ["iam/*"], ["iam/Granter", "iam/Administrator"]])
def test_a_role_list_cannot_be_widened_by_who_holds_it(
    server: RunningServer, names: list[str] | None
) -> None:
    """Who may assign one role only does not take that limit off the role itself."""
    rights: list[Document] = [{"actions": GRANTING}, {"actions": [ASSIGN], "roles": ["iam/Granter"]}]
    granter = {"kind": "Role", "name": "Granter", "service": "iam", "rights": rights}
    hold(
        server,
        {"kind": "User", "name": "dora"},
        granter,
        policy("granters", "user:dora", "Granter", {"service": "iam"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    wider = {"actions": [ASSIGN]} if names is None else {"actions": [ASSIGN], "roles": names}
    body = {"service": "iam", "rights": [rights[0], wider]}
    error = {
        "code": "denied",
        "detail": "role `Granter` of policy `granters` changes, and you may not grant `iam.role.assign` "
        "over service `iam`",
        "action": ASSIGN,
        "reason": "no_authority",
        "help": HELP,
    }
    for reply in (
        dora.put("roles", "Granter", body=body),
        dora.patch("roles", "Granter", body={"rights": body["rights"]}),
        dora.apply({"kind": "Role", "name": "Granter", **body}),
    ):
        assert_refused(reply, error)
    grant = {"subjects": ["user:dora"], "roles": ["Administrator"], "scope": {"service": "iam"}}
    assert_refused(
        dora.put("policies", "mine", body=grant),
        lacks(ASSIGN, "service `iam`", "policy `mine` grants it", "iam/Administrator"),
    )
    assert server.export() == before
    assert not server.owner().is_allowed("iam.account.read", ACCOUNT, "user:dora")


def administrators(condition: Document) -> Document:
    """Everyone of whom this is true administers Bailiwick."""
    return policy("admins", "group:everyone", "iam/Administrator", {"service": "iam"}, when=condition)


def test_a_user_is_not_invited_into_what_everyone_holds_who_is_so(server: RunningServer) -> None:
    """A policy of everyone that looks at who asks is handed over to whoever is made to fit it."""
    hold(
        server,
        *delegate("iam.user.invite", "iam.api-key.create"),
        administrators(when("principal.properties.department", "string-equals", "ops")),
    )
    dora = server.client("user:dora")
    before = server.export()
    mallory = {"name": "mallory", "properties": {"department": "ops"}}
    error = lacks(CREATE, "service `iam`", "`user:mallory` is created and holds policy `admins`")
    for reply in (dora.post("users", body=mallory), dora.apply({"kind": "User", **mallory})):
        assert_refused(reply, error)
    assert server.export() == before
    assert dora.post("api-keys", body={"owner": "user:mallory"}).status == 404
    assert not server.owner().is_allowed("iam.account.update", ACCOUNT, "user:dora")


TRUSTING = when("principal.properties.team", "string-equals", "ops")


def test_what_a_profile_asks_of_its_assumers_is_not_said_of_anybody(server: RunningServer) -> None:
    """An attribute that decides who may assume a profile hands over what the profile holds."""
    profile = {"kind": "Profile", "name": "deployer", "trust": ["group:staff"], "when": TRUSTING}
    owner = hold(
        server,
        *delegate("iam.user.*", "iam.group.*"),
        {"kind": "Group", "name": "staff", "members": ["user:dora"]},
        profile,
        policy("deploys", "profile:deployer", "IMS FullAccess", {"service": "ims"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    because = "`profile:deployer` trusts by property `team` of `user:dora` and holds policy `deploys`"
    for reply in (
        dora.patch("users", "dora", body={"properties": {"team": "ops"}}),
        dora.apply({"kind": "User", "name": "dora", "properties": {"team": "ops"}}),
    ):
        assert_refused(reply, lacks(CREATE, "service `ims`", because))
    assert server.export() == before
    assert dora.patch("users", "dora", body={"properties": {"floor": 3}}).status == 200
    assert dora.post("users", body={"name": "bob", "properties": {"team": "ops"}}).status == 201
    assert owner.patch("users", "dora", body={"properties": {"team": "ops"}}).status == 200


def test_a_profile_that_anybody_may_assume_who_is_so_is_not_handed_to_a_new_user(
    server: RunningServer,
) -> None:
    """Members of the account whom a profile trusts for what they are cannot be invited to be so."""
    profile = {"kind": "Profile", "name": "deployer", "trust": ["group:members"], "when": TRUSTING}
    hold(
        server,
        *delegate("iam.user.*"),
        profile,
        policy("deploys", "profile:deployer", "IMS FullAccess", {"service": "ims"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    assert_refused(
        dora.post("users", body={"name": "mallory", "properties": {"team": "ops"}}),
        lacks(CREATE, "service `ims`", "`user:mallory` is created and holds policy `deploys`"),
    )
    assert_refused(
        dora.patch("users", "dora", body={"properties": {"team": "ops"}}),
        lacks(
            CREATE,
            "service `ims`",
            "`profile:deployer` trusts by property `team` of `user:dora` and holds policy `deploys`",
        ),
    )
    assert server.export() == before


def test_a_group_that_a_profile_looks_at_is_not_joined(server: RunningServer) -> None:
    """Trust in everybody who is in some group is trust in that group."""
    looks = when("principal.groups", "contains-any", "group:crew")
    hold(
        server,
        *delegate("iam.group.*"),
        {"kind": "Group", "name": "crew", "members": []},
        {"kind": "Profile", "name": "deployer", "trust": ["group:members"], "when": looks},
        policy("deploys", "profile:deployer", "IMS FullAccess", {"service": "ims"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    assert_refused(
        dora.patch("groups", "crew", body={"members": ["user:dora"]}),
        lacks(
            CREATE,
            "service `ims`",
            "`profile:deployer` trusts by membership of `group:crew` and holds policy `deploys`",
        ),
    )
    assert server.export() == before


def test_a_service_is_not_changed_so_that_a_guardrail_misses_it(server: RunningServer) -> None:
    """Taking the attribute from a type by which a guardrail finds its resources is loosening the guardrail."""
    record = {"attributes": ["project"], "project": "free"}
    service = {**records("rec.read"), "resource_types": {"record": record}}
    hold(
        server,
        *delegate("iam.catalog.update"),
        {"kind": "Project", "name": "prod"},
        service,
        {"kind": "Guardrail", "name": "no-reads-in-prod", "actions": ["rec.read"], "scope": {"service": "rec"},
         "when": when("resource.project", "string-equals", "prod")},
    )  # fmt: skip
    dora = server.client("user:dora")
    before = server.export()
    error = lacks(CREATE, "service `rec`", "guardrail `no-reads-in-prod` may miss service `rec`")
    for change in (
        {"resource_types": {"record": {"attributes": [], "project": "none"}}},
        {"actions": [{**one, "decided_on": []} for one in service["actions"]]},
        {"locality": "regional"},
    ):
        assert_refused(dora.apply({**service, **change}), error)
    assert server.export() == before
    more = {"title": "Records of old", "resource_types": {"record": record, "shelf": {}}}
    assert dora.apply({**service, **more}).status == 200


def test_a_key_is_not_made_for_whom_everyones_policy_means(server: RunningServer) -> None:
    """A policy of everyone that means one user by its condition is what a key for that user hands over."""
    owner = hold(
        server,
        *delegate("iam.user.invite", "iam.api-key.create"),
        {"kind": "User", "name": "vip"},
        administrators(when("principal.id", "string-equals", "user:vip")),
    )
    dora = server.client("user:dora")
    before = server.export()
    keys = len(owner.get("api-keys").json["items"])
    assert_refused(
        dora.post("api-keys", body={"owner": "user:vip"}),
        lacks(CREATE, "service `iam`", "`user:vip` holds policy `admins`"),
    )
    assert len(owner.get("api-keys").json["items"]) == keys
    assert server.export() == before
    assert owner.is_allowed("iam.account.update", ACCOUNT, "user:vip")
    assert not owner.is_allowed("iam.account.update", ACCOUNT, "user:dora")


def test_a_user_is_not_made_anew_to_escape_a_guardrail(server: RunningServer) -> None:
    """Who may not set an attribute that lifts a guardrail may not delete and invite with it either."""
    guardrail = {
        "kind": "Guardrail",
        "name": "cleared-only",
        "actions": ["ims:*"],
        "scope": {"service": "ims"},
        "when": {"not": when("principal.properties.cleared", "bool-equals", True)},
    }
    everyone = policy("images", "group:everyone", "IMS FullAccess", {"service": "ims"})
    ims = policy("dora-ims", "user:dora", "IMS FullAccess", {"service": "ims"})
    bob = {"kind": "User", "name": "bob"}
    owner = hold(server, *delegate("iam.user.*"), guardrail, everyone, ims, bob)
    dora = server.client("user:dora")
    cleared = {"name": "bob", "properties": {"cleared": True}}
    before = server.export()
    detail = "property `cleared` of `user:bob` is read by guardrail `cleared-only`"
    assert_refused(dora.patch("users", "bob", body=cleared), lacks(CREATE, "service `ims`", detail))
    assert server.export() == before
    assert dora.delete("users", "bob").status == 204
    before = server.export()
    error = lacks(CREATE, "service `ims`", "`user:bob` is created and escapes guardrail `cleared-only`")
    for reply in (
        dora.post("users", body=cleared),
        dora.put("users", "bob", body=cleared),
        dora.apply({"kind": "User", **cleared}),
    ):
        assert_refused(reply, error)
    assert server.export() == before
    assert dora.post("users", body={"name": "bob"}).status == 201
    assert not owner.is_allowed("ims:images:list", IMAGE, "user:bob")


@pytest.mark.parametrize(
    "unless",
    [
        when("principal.id", "string-equals", "user:bg"),
        when("resource.tags.keeper", "string-equals", {"ref": "principal.id"}),
    ],
)
def test_a_key_is_not_made_for_whom_a_guardrail_spares(server: RunningServer, unless: Document) -> None:
    """Who acts as somebody whom a guardrail does not bind is not bound either."""
    guardrail = {
        "kind": "Guardrail", "name": "bg-only", "actions": ["ims:*"], "scope": {"service": "ims"},
        "when": {"not": unless},
    }  # fmt: skip
    owner = hold(
        server,
        *delegate("iam.api-key.create"),
        {"kind": "User", "name": "bg"},
        {"kind": "Resource", "name": IMAGE, "tags": {"keeper": "user:bg"}},
        guardrail,
        policy("dora-ims", "user:dora", "IMS Administrator", {"service": "ims"}),
        policy("images", "group:everyone", "IMS FullAccess", {"service": "ims"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    assert_refused(
        dora.post("api-keys", body={"owner": "user:bg"}),
        lacks(CREATE, "service `ims`", "`user:bg` escapes guardrail `bg-only`"),
    )
    assert server.export() == before
    assert owner.is_allowed("ims:images:delete", IMAGE, "user:bg")
    assert not dora.is_allowed("ims:images:delete", IMAGE)


def test_a_resource_is_not_forgotten_so_that_it_may_be_called_ones_own(server: RunningServer) -> None:
    """Of what is not registered the asker says the project, so forgetting hands it to every project's readers."""
    hold(
        server,
        *delegate("iam.resource.delete", "iam.project.remove-resource"),
        *({"kind": "Project", "name": name} for name in ("pa", "pb")),
        {"kind": "User", "name": "paul"},
        {"kind": "Resource", "name": IMAGE, "project": "pa"},
        policy("pb-reads", "user:paul", "IMS ReadOnlyAccess", {"service": "ims", "project": "pb"}),
    )
    dora, paul = server.client("user:dora"), server.client("user:paul")
    before = server.export()
    other = "brn:acme:ims:eu-de::image/unregistered"
    assert asks(paul, "ims:images:get", "ims/image", other, project="pb")
    assert_refused(
        dora.delete("resources", IMAGE),
        lacks(CREATE, "service `ims`, region `eu-de`, `image` `base`", f"attributes of `{IMAGE}` change"),
    )
    assert server.export() == before
    assert not asks(paul, "ims:images:get", "ims/image", IMAGE, project="pb")
    assert server.owner().delete("resources", IMAGE).status == 204


def test_nobody_but_the_owner_suspends_the_account(server: RunningServer) -> None:
    """The right to change the account neither suspends it nor lifts that, nor takes it over."""
    owner = hold(server, *delegate("iam.account.update", "iam.account.read"))
    dora = server.client("user:dora")
    before = server.export()
    error = {
        "code": "denied",
        "detail": "only the account's owner may do this: the account's owner or state changes",
        "action": "iam.account.update",
        "reason": "not_owner",
    }
    for body in ({"suspended": True}, {"owner": "user:dora"}):
        assert_refused(dora.patch(body=body), error)
    assert server.export() == before
    assert dora.patch(body={"description": "images"}).status == 200
    assert owner.is_allowed("ims:images:delete", IMAGE)


def test_a_suspended_accounts_owner_can_do_nothing_but_lift_it(server: RunningServer) -> None:
    """All else but guardrails is denied to the owner, and nobody else has a session until then."""
    owner = hold(
        server, {"kind": "User", "name": "bob"}, policy("b", "user:bob", "IMS FullAccess", {"service": "ims"})
    )
    bob = server.client("user:bob")
    before = server.export()
    assert owner.patch(body={"suspended": True}).status == 200
    again = server.caller(server.token(server.key("user:owner")))
    assert bob.get("api-keys").status == 401
    group = {"members": ["user:bob"]}
    for reply in (
        again.get(),
        again.get("export"),
        again.put("groups", "g", body=group),
        again.patch(body={"description": "x"}),
        again.patch(body={}),
        again.patch(body={"suspended": False, "description": "x"}),
        again.patch(body={"suspended": False, "owner": "user:bob"}),
        again.apply({"kind": "Group", "name": "g", **group}),
        again.post("api-keys", body={}),
    ):
        assert reply.status == 403, reply.text
        assert reply.error["reason"] == "account_suspended"
    assert not again.is_allowed("ims:images:delete", IMAGE)
    assert not again.is_allowed("iam.account.update", ACCOUNT)
    lifted = again.patch(body={"suspended": False})
    assert lifted.status == 200, lifted.text
    assert not lifted.json.get("suspended", False)
    assert server.export() == before
    assert bob.is_allowed("ims:images:delete", IMAGE)


def test_the_owner_lifts_a_guardrail_by_which_a_delegate_binds_everyone(server: RunningServer) -> None:
    """A guardrail over all of Bailiwick stops everybody, its maker too, but not its deletion by the owner."""
    owner = hold(server, *delegate("iam.guardrail.*", "iam.group.create"))
    dora = server.client("user:dora")
    rule = {"actions": ["iam.*"], "scope": {"service": "iam"}}
    assert dora.put("guardrails", "frozen", body=rule).status == 201
    for reply in (
        owner.put("groups", "g", body={"members": []}),
        dora.put("groups", "g", body={"members": []}),
        owner.get("guardrails", "frozen"),
        dora.patch("guardrails", "frozen", body={"state": "disabled"}),
        dora.delete("guardrails", "frozen"),
    ):
        assert reply.status == 403, reply.text
        assert reply.error["reason"] == "guardrail"
    assert owner.patch("guardrails", "frozen", body={"description": "not for long"}).status == 200
    assert owner.delete("guardrails", "frozen").status == 204
    assert owner.put("groups", "g", body={"members": []}).status == 201


LISTED = {"platform_roles": "listed", "unsupported_roles": ["Viewer", "Operator", "Editor"]}


def records(*keeper: str, explicit: bool = True, listed: bool = True) -> Document:
    """A service whose roles are Keeper, Purger (by name only, or not) and the platform's, `listed` or derived."""
    administrator = {"name": "Administrator", "kind": "platform", "rights": [{"actions": ["rec.read"]}]}
    purger: Document = {"name": "Purger", "kind": "service", "rights": [{"actions": ["rec.purge"]}]}
    return {
        "kind": "Service",
        "name": "rec",
        "title": "Records",
        "locality": "global",
        "resource_types": {"record": {}},
        "actions": [
            {"id": f"rec.{name}", "title": name.title(), "resource_type": "record", "access": access}
            for name, access in (("read", "read"), ("purge", "delete"))
        ],
        **(LISTED if listed else {}),
        "roles": [
            *([administrator] if listed else []),
            {"name": "Keeper", "kind": "service", "rights": [{"actions": list(keeper)}]},
            {**purger, "grant": "explicit"} if explicit else purger,
        ],
    }


@pytest.mark.parametrize(
    "wider",
    [
        records("rec.read", explicit=False),
        records("rec.read", "rec.purge"),
        records("rec.*"),
        records("rec.read", listed=False),
    ],
)
def test_an_action_that_is_granted_by_name_only_stays_so(server: RunningServer, wider: Document) -> None:
    """Who may change a service and grant its other roles does not open what needs to be granted by name."""
    owner = hold(
        server,
        *delegate("iam.catalog.update"),
        records("rec.read"),
        policy("rec-admins", "user:dora", "rec/Administrator", {"service": "rec"}),
    )
    dora = server.client("user:dora")
    before = server.export()
    error = lacks(
        ASSIGN, "service `rec`", "role `rec/Purger` is no longer the only way to `rec.purge`", "rec/Purger"
    )
    body = {name: value for name, value in wider.items() if name not in ("kind", "name")}
    for reply in (dora.put("services", "rec", body=body), dora.apply(wider)):
        assert_refused(reply, error)
    for names in (["Purger"], ["rec/Purger"]):
        grant = {"subjects": ["user:dora"], "roles": names, "scope": {"service": "rec"}}
        assert_refused(
            dora.put("policies", "mine", body=grant),
            lacks(ASSIGN, "service `rec`", "policy `mine` grants it", "rec/Purger"),
        )
    assert server.export() == before
    keeper = {"subjects": ["user:dora"], "roles": ["Keeper"], "scope": {"service": "rec"}}
    assert dora.put("policies", "mine", body=keeper).status == 201
    assert owner.is_allowed("rec.read", RECORD, "user:dora")
    assert not owner.is_allowed("rec.purge", RECORD, "user:dora")


def test_a_key_that_was_put_out_of_use_stays_so_against_its_owner(server: RunningServer) -> None:
    """One keeps one's own keys, but neither enables nor unlocks nor deletes what an administrator locked."""
    owner = hold(server, {"kind": "User", "name": "bob"})
    bob = server.client("user:bob")
    stopped, own = (bob.post("api-keys", body={}).json["id"] for _ in range(2))
    assert owner.patch("api-keys", stopped, body={"disabled": True, "locked": True}).status == 200
    shown = owner.get("api-keys", stopped).json
    error = {
        "code": "denied",
        "detail": f"`user:bob` lacks `iam.api-key.update` on api-key `{stopped}`",
        "action": "iam.api-key.update",
        "reason": "no_matching_policy",
        "help": HELP,
    }
    for body in ({"disabled": False}, {"locked": False}, {"disabled": False, "locked": False}):
        assert_refused(bob.patch("api-keys", stopped, body=body), error)
    locked = {"code": "conflict", "detail": f"API key `{stopped}` is locked", "help": "unlock it first"}
    for reply in (bob.delete("api-keys", stopped), bob.patch("api-keys", stopped, body={"description": "x"})):
        assert (reply.status, reply.error) == (409, locked)
    assert owner.get("api-keys", stopped).json == shown
    disabled = bob.patch("api-keys", own, body={"disabled": True})
    assert (disabled.status, disabled.json["disabled"]) == (200, True)
    assert bob.patch("api-keys", own, body={"disabled": False}).status == 403
    assert bob.delete("api-keys", own).status == 204


def test_a_guardrail_of_another_service_does_not_concern_a_resource(server: RunningServer) -> None:
    """Tagging an image needs authority over images, whatever guardrails other services have in projects."""
    guardrail = {
        "kind": "Guardrail",
        "name": "no-images-in-pa",
        "actions": ["container-registry.*"],
        "scope": {"service": "container-registry", "project": "pa"},
    }
    owner = hold(
        server,
        *delegate("iam.resource.read", "iam.resource.update"),
        {"kind": "Project", "name": "pa"},
        {"kind": "Resource", "name": IMAGE, "project": "pa"},
        policy("dora-ims", "user:dora", "Administrator", {"service": "ims"}),
        guardrail,
    )
    dora = server.client("user:dora")
    assert dora.patch("resources", IMAGE, body={"tags": {"tier": "gold"}}).status == 200
    assert owner.get("resources", IMAGE).json["tags"] == {"tier": "gold"}
    wider = {"service": ["ims", "container-registry"], "project": "pa"}
    hold(server, {**guardrail, "name": "both", "scope": wider})
    assert dora.patch("resources", IMAGE, body={"tags": {"tier": "none"}}).status == 200


def test_a_resource_that_leaves_a_guardrail_needs_authority_over_it_and_no_more(
    server: RunningServer,
) -> None:
    """Out of a project with a guardrail moves who could grant there what it forbids; the guardrail stays for others."""
    guardrail = {
        "kind": "Guardrail", "name": "no-deletes-in-pa", "actions": ["ims:images:delete"],
        "scope": {"service": "ims", "project": "pa"},
    }  # fmt: skip
    delete = {
        "kind": "Role",
        "name": "Deleter",
        "service": "ims",
        "rights": [{"actions": ["ims:images:delete"]}],
    }
    owner = hold(
        server,
        *delegate("iam.resource.*", "iam.project.*"),
        *({"kind": "Project", "name": name} for name in ("pa", "pb")),
        {"kind": "User", "name": "rex"},
        delete,
        policy("rex-keeps", "user:rex", "Delegate", {"service": "iam"}),
        policy("rex-region", "user:rex", "Administrator", {"region": "eu-de"}),
        policy("dora-deletes", "user:dora", "Deleter", {"service": "ims"}),
        {"kind": "Resource", "name": IMAGE, "project": "pa"},
        guardrail,
    )
    dora, rex = server.client("user:dora"), server.client("user:rex")
    before = server.export()
    words = "service `ims`, region `eu-de`, project `pa`, `image` `base`"
    for project, where in (("pb", "in project `pb`"), (None, "outside of projects")):
        assert_refused(
            dora.patch("resources", IMAGE, body={"project": project}),
            lacks(CREATE, words, f"policy `rex-region` may newly grant its roles on `{IMAGE}` {where}"),
        )
        assert server.export() == before
    assert not dora.is_allowed("ims:images:delete", IMAGE)
    assert rex.patch("resources", IMAGE, body={"project": "pb"}).status == 200
    assert dora.is_allowed("ims:images:delete", IMAGE)
    removed = rex.delete("guardrails", "no-deletes-in-pa")
    assert (
        removed.error["detail"] == "`user:rex` lacks `iam.guardrail.delete` on guardrail `no-deletes-in-pa`"
    )
    assert owner.get("guardrails", "no-deletes-in-pa").status == 200
