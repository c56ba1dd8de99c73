"""Which resource a request means: full names, short ids, services, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from tests.unit.api.asked_world import ACME

from bailiwick.api import authzen_index
from bailiwick.api.authzen_bodies import ResourceBody
from bailiwick.api.authzen_index import index_of
from bailiwick.api.authzen_resources import Found, find_resource
from bailiwick.engine import CompiledAccount, compile_account
from bailiwick.engine.registered import Key
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account, Resource
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog


@pytest.fixture(scope="module")
def acme() -> CompiledAccount:
    """The compiled account."""
    return compile_account(load_system_catalog(), ACME)


def find(acme: CompiledAccount, kind: str, ident: str, **properties: object) -> Found:
    """Which resource is found?"""
    return find_resource(acme, ResourceBody(kind, ident, properties))


def refusal(acme: CompiledAccount, kind: str, ident: str, **properties: object) -> tuple[str, str]:
    """With which message, at which place, is the resource refused?"""
    with pytest.raises(Invalid) as caught:
        find(acme, kind, ident, **properties)
    [finding] = caught.value.findings
    return finding.message, finding.place


def test_a_full_name_is_taken_as_it_is(acme: CompiledAccount) -> None:
    """Service, region, instance and path are those of the name, with or without its type's service."""
    name = "brn:acme:archive:eu-de:vault:box/b1"
    expected = Found(ResourceQuery("archive", (("box", "b1"),), "eu-de", "vault"))
    assert find(acme, "box", name) == expected
    assert find(acme, "archive/box", name) == expected
    assert find(acme, "box", name, service="archive") == expected
    page = find(acme, "page", "brn:acme:records:::folder/two/page/index")
    assert page == Found(ResourceQuery("records", (("folder", "two"), ("page", "index"))))


def test_a_full_name_decodes_its_escapes(acme: CompiledAccount) -> None:
    """Percent-encoded ids are compared decoded."""
    assert find(acme, "record", "brn:acme:records:::record/a%2Fb").query.path == (("record", "a/b"),)


@pytest.mark.parametrize(
    ("kind", "ident", "properties", "message"),
    [
        ("record", "brn:other:records:::record/r", {}, "expected one account, got `other` and `acme`"),
        ("folder", "brn:acme:records:::record/r", {}, "expected one type, got `record` and `folder`"),
        ("archive/box", "brn:acme:records:::box/r", {}, "expected one service, got `records` and `archive`"),
        (
            "record",
            "brn:acme:records:::record/r",
            {"service": "archive"},
            "expected one service, got `records` and `archive`",
        ),
        (
            "archive/folder",
            "one",
            {"service": "records"},
            "expected one service, got `archive` and `records`",
        ),
        (
            "box",
            "brn:acme:archive:eu-de:vault:box/b1",
            {"region": "us-south"},
            "expected one region, got `eu-de` and `us-south`",
        ),
        (
            "box",
            "brn:acme:archive:eu-de:vault:box/b1",
            {"instance": "cellar"},
            "expected one instance, got `vault` and `cellar`",
        ),
    ],
)
def test_parts_that_disagree_are_refused(
    acme: CompiledAccount, kind: str, ident: str, properties: dict[str, object], message: str
) -> None:
    """Nobody is asked about one resource and answered about another."""
    assert refusal(acme, kind, ident, **properties) == (message, "resource")


@pytest.mark.parametrize(
    ("ident", "message"),
    [
        ("brn:acme:records", "`brn:acme:records` is no resource name"),
        ("brn:acme:records:::record", "`brn:acme:records:::record` has a broken path"),
        ("brn:acme:records:::record/%61", "`brn:acme:records:::record/%61` is not in canonical form"),
    ],
)
def test_a_broken_full_name_is_refused(acme: CompiledAccount, ident: str, message: str) -> None:
    """What begins like a full name must be one."""
    assert refusal(acme, "record", ident) == (message, "resource")


def test_a_region_that_a_full_name_leaves_open_is_filled_in(acme: CompiledAccount) -> None:
    """No registered resource has a name that leaves out its region, so none is moved by what is said (2.10)."""
    name = "brn:acme:archive::vault:box/b9"
    assert find(acme, "box", name, region="eu-de").query.region == "eu-de"
    more = replace(ACME, resources={**ACME.resources, name: Resource(name)})
    stored = compile_account(load_system_catalog(), more)
    assert len(stored.registered) == len(acme.registered)
    assert find(stored, "box", name, region="eu-de").query.region == "eu-de"


def test_a_short_id_finds_the_registered_resource(acme: CompiledAccount) -> None:
    """One registered resource of the type and id is meant, with its whole path."""
    found = find(acme, "page", "cover")
    assert found == Found(ResourceQuery("records", (("folder", "one"), ("page", "cover"))))
    box = find(acme, "box", "b2")
    assert box == Found(ResourceQuery("archive", (("box", "b2"),), "eu-de", "cellar"))


def test_a_short_id_that_fits_several_is_ambiguous(acme: CompiledAccount) -> None:
    """Several registered resources: the service stands for them, and nothing is chosen."""
    itself = ResourceQuery("records", (("service", "records"),))
    assert find(acme, "page", "index") == Found(itself, Reason.AMBIGUOUS_RESOURCE)
    assert find(acme, "box", "b1").unresolved is Reason.AMBIGUOUS_RESOURCE
    assert find(acme, "box", "b1", instance="vault").unresolved is Reason.AMBIGUOUS_RESOURCE


def test_a_region_or_instance_tells_resources_of_one_id_apart(acme: CompiledAccount) -> None:
    """What is said of the place narrows the search, to none if it fits none."""
    found = find(acme, "box", "b1", region="us-south")
    assert found == Found(ResourceQuery("archive", (("box", "b1"),), "us-south", "vault"))
    assert find(acme, "box", "b2", region="us-south") == Found(
        ResourceQuery("archive", (("box", "b2"),), "us-south")
    )
    exact = find(acme, "box", "b1", region="eu-de", instance="vault")
    assert exact == Found(ResourceQuery("archive", (("box", "b1"),), "eu-de", "vault"))


def test_a_short_id_that_is_not_registered_is_described(acme: CompiledAccount) -> None:
    """It is one node with what the request says."""
    found = find(
        acme,
        "record",
        "new",
        region="ignored",
        instance="ignored",
        project="dev",
        owner="user:alice",
        groups=["group:night"],
        budget="b",
        tags={"env": "test"},
        status="active",
    )
    assert found == Found(
        ResourceQuery(
            "records",
            (("record", "new"),),
            project="dev",
            owner="user:alice",
            groups=("group:night",),
            budget="b",
            tags={"env": "test"},
            properties={"status": "active"},
        )
    )


def test_the_index_follows_the_account(acme: CompiledAccount) -> None:
    """A resource that is registered or gone is found or not at once."""
    assert find(acme, "page", "cover").query.path[0] == ("folder", "one")
    name = "brn:acme:records:::folder/one/page/cover"
    fewer = {key: one for key, one in ACME.resources.items() if key != name}
    gone = acme.apply(replace(ACME, resources=fewer), [("Resource", name)])
    assert find(gone, "page", "cover").query.path == (("page", "cover"),)
    assert find(acme, "page", "cover").query.path[0] == ("folder", "one")
    without = replace(
        ACME, services={"records": ACME.services["records"]}, resources={}, policies={}, guardrails={}
    )
    assert find(gone.apply(without, [("Service", "archive")]), "folder", "x").query.service == "records"


def test_the_indexes_of_accounts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All indexes go when there are too many, and are made again when asked."""
    monkeypatch.setattr("bailiwick.api.authzen_index.MOST_ACCOUNTS", 2)
    monkeypatch.setattr("bailiwick.api.authzen_index._INDEXES", {})
    compiled = [compile_account(load_system_catalog(), Account(name, "user:x")) for name in ("a", "b", "c")]
    first, _, third = (index_of(one) for one in compiled)
    assert index_of(compiled[2]) is third
    assert index_of(compiled[0]) is not first


def test_an_id_of_many_resources_is_ambiguous(acme: CompiledAccount) -> None:
    """Three of one id are as ambiguous as two."""
    third = Resource("brn:acme:records:::folder/three/page/index")
    more = compile_account(
        load_system_catalog(), replace(ACME, resources={**ACME.resources, third.name: third})
    )
    assert find(more, "page", "index").unresolved is Reason.AMBIGUOUS_RESOURCE
    assert len(index_of(more).keys_of_id("records", "page", "index")) == 3


def test_an_own_service_comes_before_the_systems(acme: CompiledAccount) -> None:
    """A type of one service of the account is its, else the one system service's that has it."""
    assert find(acme, "record", "r").query.service == "records"
    assert find(acme, "load-balancer", "r").query.service == "cloud"


def test_a_type_of_several_services_is_refused(acme: CompiledAccount) -> None:
    """The account's services first, then the system's: among several the request must choose."""
    assert refusal(acme, "folder", "one") == ("`folder` is a type of several services", "resource.type")
    with pytest.raises(Invalid) as caught:
        find(acme, "folder", "one")
    assert caught.value.findings[0].help == "write one of `records/folder`, `archive/folder`"
    assert refusal(acme, "image", "web")[0] == "`image` is a type of several services"
    assert find(acme, "records/folder", "one").query.service == "records"
    assert find(acme, "folder", "one", service="archive").query.service == "archive"


def test_a_type_that_no_service_has_is_unknown(acme: CompiledAccount) -> None:
    """Nothing is found, and the answer says why."""
    assert find(acme, "starship", "one").unresolved is Reason.UNKNOWN_RESOURCE_TYPE
    assert find(acme, "nowhere/record", "one") == Found(ResourceQuery("nowhere", (("record", "one"),)))


def test_a_service_is_asked_of_itself(acme: CompiledAccount) -> None:
    """`<service>/service` names the service; its id is its name."""
    itself = Found(ResourceQuery("records", (("service", "records"),)))
    assert find(acme, "records/service", "records") == itself
    assert find(acme, "service", "records") == itself
    assert find(acme, "archive/service", "archive", region="eu-de").query.region == "eu-de"
    assert refusal(acme, "records/service", "archive") == (
        "expected `records` as the id of the service itself, got `archive`",
        "resource.id",
    )
    assert find(acme, "service", "nowhere").query.service == "nowhere"


@pytest.mark.parametrize("kind", ["a/b/c", "/record", "records/", "/"])
def test_a_broken_type_is_refused(acme: CompiledAccount, kind: str) -> None:
    """A type is one word, or a service and a word."""
    assert refusal(acme, kind, "r") == (f"`{kind}` is no resource type", "resource.type")


def test_an_empty_id_is_refused(acme: CompiledAccount) -> None:
    """No resource has an empty id."""
    assert refusal(acme, "record", "") == ("expected an id, got empty text", "resource.id")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("service", 1, "expected text, got a number"),
        ("region", ["eu-de"], "expected text, got a list"),
        ("instance", "", "expected text, got empty text"),
        ("project", None, "expected text, got null"),
        ("budget", {"a": 1}, "expected text, got an object"),
        ("owner", True, "expected text, got true or false"),
        ("owner", "alice", "`alice` is no principal"),
        ("owner", "group:night", "`group:night` is no principal"),
        ("groups", "group:night", "expected a list of groups such as `group:name`, got text"),
        ("tags", ["a"], "expected an object, got a list"),
    ],
)
def test_built_in_attributes_have_strict_types(
    acme: CompiledAccount, name: str, value: object, message: str
) -> None:
    """An attribute of the wrong type is refused, not guessed."""
    properties: dict[str, object] = {name: value}
    assert refusal(acme, "record", "r", **properties) == (message, f"resource.properties.{name}")
    if name != "service":
        assert refusal(acme, "record", "brn:acme:records:::record/r", **properties)[0] == message


def test_texts_have_a_limit(acme: CompiledAccount) -> None:
    """Ids, names and tags that no policy could mean are refused before anything matches them."""
    assert find(acme, "record", "x" * 2048).unresolved is None
    assert refusal(acme, "record", "x" * 2049) == (
        "expected at most 2048 characters, got 2049",
        "resource.id",
    )
    assert refusal(acme, "record", "r", project="p" * 257)[0] == "expected at most 256 characters, got 257"
    assert refusal(acme, "record", "r", tags={"t": "x" * 16_385})[1] == "resource.properties.tags.t"
    long = {"note": "x" * 16_385}
    assert refusal(acme, "record", "r", **long) == (
        "expected at most 16384 characters, got 16385",
        "resource.properties.note",
    )


def test_members_of_lists_and_tags_have_strict_types(acme: CompiledAccount) -> None:
    """Each group is a reference, each tag a text."""
    assert refusal(acme, "record", "r", groups=["group:night", "user:alice"]) == (
        "`user:alice` is no group",
        "resource.properties.groups[1]",
    )
    assert refusal(acme, "record", "r", tags={"env": 1}) == (
        "expected text, got a number",
        "resource.properties.tags.env",
    )


def test_ids_are_compared_byte_for_byte(acme: CompiledAccount) -> None:
    """Case, spaces and other normal forms name other resources."""
    for ident in ("Cover", "cover ", "co\u200bver", "c\u00f3ver"):
        assert find(acme, "page", ident).query.path == (("page", ident),)


def test_short_ids_follow_changes_without_looking_at_what_they_leave(
    acme: CompiledAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes and goes is found and no longer found; the ids of what is shared are not listed again."""
    looked_at: list[int] = []
    listed = authzen_index._index_ids

    def counted(keys: Iterable[Key]) -> object:
        found = list(keys)
        looked_at.append(len(found))
        return listed(found)

    monkeypatch.setattr(authzen_index, "_index_ids", counted)
    third, cover = "brn:acme:records:::folder/three/page/index", "brn:acme:records:::folder/one/page/cover"
    assert find(acme, "page", "cover").query.path == (("folder", "one"), ("page", "cover"))
    looked_at.clear()
    resources = {name: value for name, value in ACME.resources.items() if name != cover}
    account = replace(ACME, resources={**resources, third: Resource(third)})
    more = acme.apply(account, {("Resource", third), ("Resource", cover)})
    assert len(index_of(more).keys_of_id("records", "page", "index")) == 3
    assert index_of(more).keys_of_id("records", "page", "cover") == []
    assert looked_at == [1]
    assert len(index_of(acme).keys_of_id("records", "page", "index")) == 2
