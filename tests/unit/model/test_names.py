"""Names, references and resource names parse to what they say, and only in one form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.errors import Invalid
from bailiwick.model.names import (
    ResourceName,
    format_resource_name,
    parse_group_reference,
    parse_name,
    parse_path,
    parse_principal,
    parse_resource_name,
    parse_subject,
    parse_type_name,
    split_reference,
)

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
TYPES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
NODES = st.lists(st.tuples(TYPES, IDS), min_size=1, max_size=4).map(tuple)
FORM = "a name holds no `/`, `:` or control character and does not begin or end with a space"


def refused(parse: Callable[[], object]) -> str:
    """What does the error say?"""
    with pytest.raises(Invalid) as caught:
        parse()
    [finding] = caught.value.findings
    return finding.format()


@pytest.mark.parametrize("name", ["a", "IMS ReadOnlyAccess", "Ünï", "a.b-c_d@e", "x" * 256])
def test_ordinary_names_are_names(name: str) -> None:
    """What people call things is accepted as it is."""
    assert parse_name(name, "name") == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected a name, got nothing at name"),
        (None, "expected a name, got nothing at name"),
        (4, "expected a name, got `4` at name"),
        ("a/b", f"`a/b` is no name at name\n  help: {FORM}"),
        ("a:b", f"`a:b` is no name at name\n  help: {FORM}"),
        (" a", f"` a` is no name at name\n  help: {FORM}"),
        ("a\x00", f"`a\x00` is no name at name\n  help: {FORM}"),
        ("a\n", f"`a\n` is no name at name\n  help: {FORM}"),
        ("x" * 257, "name is 257 characters long, expected at most 256 at name"),
    ],
)
def test_other_names_are_refused(text: object, expected: str) -> None:
    """The error says what a name holds."""
    assert refused(lambda: parse_name(text, "name")) == expected


@pytest.mark.parametrize("text", ["", "Image", "1st", "a_b", "a" * 65, None, "-a"])
def test_type_names_are_lower_case_words(text: object) -> None:
    """Services and resource types have plain names."""
    with pytest.raises(Invalid):
        parse_type_name(text, "type")
    assert parse_type_name("key-ring2", "type") == "key-ring2"


def test_references_have_a_kind_and_a_name() -> None:
    """Each kind of reference takes the kinds that it may name."""
    assert parse_principal("user:alice") == "user:alice"
    assert parse_principal("anonymous") == "anonymous"
    assert parse_subject("group:devs") == "group:devs"
    assert parse_group_reference("group:devs", "groups[0]") == "group:devs"
    assert split_reference("service-id:ci") == ("service-id", "ci")
    assert split_reference("anonymous") == ("anonymous", "anonymous")


@pytest.mark.parametrize(
    ("parse", "expected"),
    [
        (
            lambda: parse_principal("group:devs"),
            "`group:devs` is no principal at principal\n"
            "  help: expected one of `user:`, `service-id:`, `profile:`, `service:` and a name",
        ),
        (lambda: parse_principal(None), "expected a principal such as `user:name`, got nothing at principal"),
        (lambda: parse_principal("user:"), "expected a name, got nothing at principal"),
        (
            lambda: parse_subject("anonymous"),
            "`anonymous` cannot be a subject at subject\n  help: grant to `group:everyone` instead",
        ),
        (
            lambda: parse_group_reference("devs", "groups[0]"),
            "`devs` is no group at groups[0]\n  help: expected one of `group:` and a name",
        ),
    ],
)
def test_other_references_are_refused(parse: Callable[[], object], expected: str) -> None:
    """The error says which kinds are expected."""
    assert refused(parse) == expected


def test_a_resource_name_says_where_the_resource_is() -> None:
    """Its path runs from the outermost node to the resource itself."""
    name = parse_resource_name("brn:acme:container-registry:eu-de::namespace/dev/image/web%2F1")
    assert name == ResourceName(
        "acme", "container-registry", "eu-de", "", (("namespace", "dev"), ("image", "web/1"))
    )
    assert (name.type, name.id) == ("image", "web/1")
    assert [format_resource_name(one) for one in name.ancestors()] == [
        "brn:acme:container-registry:eu-de::namespace/dev"
    ]


@given(IDS, TYPES, st.text(st.characters(codec="utf-8"), max_size=5), NODES)
def test_resource_names_come_back(
    account: str, service: str, region: str, path: tuple[tuple[str, str], ...]
) -> None:
    """Formatting and parsing are inverse, whatever the segments hold."""
    name = ResourceName(account, service, region, "", path)
    assert parse_resource_name(format_resource_name(name)) == name


@given(st.text(st.sampled_from("brn:acmeIx/%4F2e \u00e9*?"), max_size=30).map("brn:a:s:::".__add__))
def test_a_resource_has_one_name(text: str) -> None:
    """Whatever parses is the canonical form of what it parses to."""
    name = _parse(text)
    assert name is None or format_resource_name(name) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "image/web",
            "`image/web` is no resource name at resource\n  help: expected "
            "`brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded",
        ),
        ("brn::ims:::image/a", "`brn::ims:::image/a` names no account at resource"),
        ("brn:acme::::image/a", "`brn:acme::::image/a` names no service at resource"),
        (
            "brn:acme:ims:::image",
            "`brn:acme:ims:::image` has a broken path at resource\n"
            "  help: expected `type/id`, repeated at most 16 times",
        ),
        (
            "brn:acme:ims:::Image/a",
            "`brn:acme:ims:::Image/a` has a broken path at `Image/a` at resource\n  help: expected `type/id`",
        ),
        (
            "brn:acme:ims:::image/",
            "`brn:acme:ims:::image/` has a broken path at `image/` at resource\n  help: expected `type/id`",
        ),
        (
            "brn:acme:ims:::image/%41",
            "`brn:acme:ims:::image/%41` is not in canonical form at resource\n"
            "  help: write `brn:acme:ims:::image/A`",
        ),
        (
            "brn:acme:ims:::image/%2f",
            "`brn:acme:ims:::image/%2f` is not percent-encoded UTF-8 at resource",
        ),
        ("brn:acme:ims:::image/%FF", "`brn:acme:ims:::image/%FF` is not percent-encoded UTF-8 at resource"),
        ("brn:acme:ims:::image/é", "`brn:acme:ims:::image/é` is not percent-encoded UTF-8 at resource"),
    ],
)
def test_other_resource_names_are_refused(text: str, expected: str) -> None:
    """The error says what is wrong with the text and shows the right form."""
    assert refused(lambda: parse_resource_name(text)) == expected


def test_a_path_alone_is_read_like_that_of_a_name() -> None:
    """Sixteen nodes are read and seventeen are not."""
    assert parse_path("namespace/dev/image/a%20b") == (("namespace", "dev"), ("image", "a b"))
    assert len(parse_path("/".join(["a/b"] * 16))) == 16
    with pytest.raises(Invalid):
        parse_path("/".join(["a/b"] * 17))
    with pytest.raises(Invalid):
        parse_path("")


def _parse(text: str) -> ResourceName | None:
    try:
        return parse_resource_name(text)
    except Invalid:
        return None
