"""Registry scopes: the grammar is kept, sets are sets, and what means nothing here grants nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authn.registry import (
    REPOSITORY_ACTIONS,
    AccessEntry,
    RegistryQuestion,
    Repository,
    RequestedScope,
    find_repository,
    list_access,
    list_questions,
    parse_scopes,
)
from bailiwick.errors import Invalid

PULL, PUSH, DELETE = (REPOSITORY_ACTIONS[name] for name in ("pull", "push", "delete"))


def repository_scope(name: str, *actions: str) -> RequestedScope:
    """What is asked on one repository."""
    return RequestedScope("repository", None, name, frozenset(actions))


def access_of(*scopes: str, granted: frozenset[str] = frozenset({PULL, PUSH, DELETE})) -> list[object]:
    """The access entries of a token when these actions, and no others, are granted everywhere."""
    questions = list_questions(parse_scopes(scopes))
    return [entry.as_json() for entry in list_access(q for q in questions if q.action in granted)]


def test_a_scope_names_a_resource_and_a_set_of_actions() -> None:
    """The order of actions, and saying one twice, make no difference."""
    expected = (repository_scope("ns/img", "pull", "push"),)
    for text in (
        "repository:ns/img:pull,push",
        "repository:ns/img:push,pull",
        "repository:ns/img:push,pull,push",
    ):
        assert parse_scopes([text]) == expected


def test_a_mount_asks_for_two_repositories() -> None:
    """Repeated parameters and one parameter with a space mean the same."""
    expected = (repository_scope("ns/dst", "pull", "push"), repository_scope("ns/src", "pull"))
    assert parse_scopes(["repository:ns/dst:pull,push", "repository:ns/src:pull"]) == expected
    assert parse_scopes(["repository:ns/dst:pull,push repository:ns/src:pull"]) == expected
    assert parse_scopes([" repository:ns/dst:pull,push  repository:ns/src:pull "]) == expected


def test_scopes_of_one_repository_are_joined() -> None:
    """What a client adds after a refusal is one scope with what it asked before."""
    asked = parse_scopes(["repository:ns/img:*", "repository:ns/img:pull", "repository:ns/img:*"])
    assert asked == (repository_scope("ns/img", "*", "pull"),)


def test_no_scope_asks_for_nothing() -> None:
    """A login has no scope, and an empty parameter is no scope either."""
    assert parse_scopes([]) == parse_scopes([""]) == parse_scopes([" "]) == ()
    assert list_questions(()) == ()
    assert list_access(()) == ()


def test_a_name_may_have_a_host_with_a_port() -> None:
    """The actions begin after the last colon, the type ends at the first."""
    (scope,) = parse_scopes(["repository:Registry.Acme.example:5000/ns/img:pull"])
    assert scope == repository_scope("Registry.Acme.example:5000/ns/img", "pull")


def test_a_type_may_have_a_class() -> None:
    """The class is told apart from the type."""
    (scope,) = parse_scopes(["repository(plugin):ns/img:pull"])
    assert scope == RequestedScope("repository", "plugin", "ns/img", frozenset({"pull"}))


def test_an_empty_action_asks_for_nothing() -> None:
    """The grammar allows it; no action has that name."""
    assert parse_scopes(["repository:ns/img:"]) == (repository_scope("ns/img"),)
    assert parse_scopes(["repository:ns/img:pull,"]) == (repository_scope("ns/img", "pull"),)


@pytest.mark.parametrize(
    "text",
    [
        "repository",
        "repository:ns/img",
        ":ns/img:pull",
        "repository::pull",
        "REPOSITORY:ns/img:pull",
        "repository:ns/img:PULL",
        "repository:ns/img:pull;push",
        "repository:ns/img:pull**",
        "repository:ns/IMG:pull",
        "repository:ns//img:pull",
        "repository:/ns/img:pull",
        "repository:ns/img/:pull",
        "repository:ns/../img:pull",
        "repository:ns/*:pull",
        "repository:*:*",
        "repository:ns/img%2fx:pull",
        "repository:ns/im\u0261:pull",
        "repository:ns/img\n:pull",
        "repository:ns/img:pull\n",
        "repository():ns/img:pull",
        "repository(a)(b):ns/img:pull",
        "repository:ns/-img:pull",
        "repository:ns/img.:pull",
        "repository:ns/a___b:pull",
    ],
)
def test_a_malformed_scope_is_refused(text: str) -> None:
    """What the grammar does not allow is named whole in the error."""
    with pytest.raises(Invalid) as caught:
        parse_scopes(["repository:ns/ok:pull", text])
    assert caught.value.message == f"expected `type:name:action,action`, got `{text}` at scope"


def test_too_many_and_too_long_scopes_are_refused() -> None:
    """A request is bounded before it is read."""
    with pytest.raises(Invalid, match=r"^expected at most 64 scopes, got 65 at scope$"):
        parse_scopes(["repository:ns/img:pull"] * 65)
    with pytest.raises(Invalid, match=r"^expected a scope of at most 1024 characters, got 1025 at scope$"):
        parse_scopes(["a" * 1025])


@pytest.mark.parametrize("part", ["a", "a-", "a.", "a_", "a/", "A-", "a:1", "a,", "1", "(a"])
def test_a_long_scope_is_refused_quickly(part: str) -> None:
    """No text makes the grammar try again and again."""
    for text in (f"repository:{part * 1000}"[:1000] + "!", f"repository:a/b:{part * 1000}"[:1000] + "!"):
        started = time.perf_counter()
        with pytest.raises(Invalid):
            parse_scopes([text])
        assert time.perf_counter() - started < 0.05


@given(values=st.lists(st.text(), max_size=4))
def test_no_text_crashes_the_parser(values: list[str]) -> None:
    """Any parameters are scopes or are refused as such."""
    place, scopes = "scope", parse_scopes([])
    try:
        scopes = parse_scopes(values)
    except Invalid as invalid:
        place = invalid.findings[0].place
    assert place == "scope"
    assert all(scope.resource_type and scope.name for scope in scopes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ns/img", Repository("ns", "img")),
        ("ns/team/img", Repository("ns", "team/img")),
        ("n-s/i__m.g", Repository("n-s", "i__m.g")),
        ("img", None),
        ("", None),
        ("Ns/img", None),
        ("host:5000/ns/img", None),
        ("ns/", None),
        ("/img", None),
        ("ns/img/..", None),
        ("ns/img\n", None),
        ("ns/" + "a" * 252, Repository("ns", "a" * 252)),
        ("ns/" + "a" * 253, None),
    ],
)
def test_the_first_segment_of_a_name_is_the_namespace(name: str, expected: Repository | None) -> None:
    """A name outside any namespace is no repository here."""
    assert find_repository(name) == expected
    if expected is not None:
        assert expected.name == name


def test_each_action_is_a_question_about_the_image() -> None:
    """Pull, push and delete are the actions of the same names on images."""
    repository = Repository("ns", "img")
    assert list_questions(parse_scopes(["repository:ns/img:delete,push,pull"])) == (
        RegistryQuestion("container-registry.image.pull", "pull", repository),
        RegistryQuestion("container-registry.image.push", "push", repository),
        RegistryQuestion("container-registry.image.delete", "delete", repository),
    )


def test_a_star_asks_for_every_action_and_is_never_granted_as_such() -> None:
    """A client that deletes asks for `*`, and gets those actions that are granted, by name."""
    assert access_of("repository:ns/img:*", granted=frozenset({PULL, DELETE})) == [
        {"type": "repository", "name": "ns/img", "actions": ["delete", "pull"]}
    ]


def test_access_is_what_is_both_asked_and_granted() -> None:
    """Nobody gets more than was asked, nor more than is granted, and nothing granted is no entry."""
    assert access_of("repository:ns/img:pull") == [
        {"type": "repository", "name": "ns/img", "actions": ["pull"]}
    ]
    assert access_of("repository:ns/img:pull,push", granted=frozenset({PULL})) == [
        {"type": "repository", "name": "ns/img", "actions": ["pull"]}
    ]
    assert access_of("repository:ns/img:pull,push", granted=frozenset()) == []


def test_a_mount_from_a_closed_repository_keeps_the_push() -> None:
    """The target is granted though the source is not."""
    questions = list_questions(parse_scopes(["repository:ns/dst:pull,push repository:other/src:pull"]))
    granted = [q for q in questions if q.repository is not None and q.repository.namespace == "ns"]
    assert list_access(granted) == (AccessEntry("repository", "ns/dst", ("pull", "push")),)


def test_the_catalog_is_asked_of_the_whole_registry() -> None:
    """Only `registry:catalog:*` is known, and its question names no repository."""
    (question,) = list_questions(parse_scopes(["registry:catalog:*"]))
    assert question == RegistryQuestion("container-registry.image.list", "*", None)
    assert [entry.as_json() for entry in list_access([question])] == [
        {"type": "registry", "name": "catalog", "actions": ["*"]}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "registry:catalog:pull",
        "registry:catalogue:*",
        "registry(plugin):catalog:*",
        "repository(plugin):ns/img:pull",
        "repository:img:pull",
        "repository:ns/img:admin",
        "repository:localhost:5000/ns/img:pull",
        "namespace:ns:pull",
        "repository:catalog:*",
    ],
)
def test_a_scope_that_means_nothing_here_grants_nothing(text: str) -> None:
    """It is no error: the rest of the request is answered, and this part with nothing."""
    assert access_of(text) == []
    assert access_of(text, "repository:ns/img:pull") == access_of("repository:ns/img:pull")
