"""What the words of a command line mean: pairs, scopes, policy names, instants, files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.cli.keys import state_of
from bailiwick.cli.policies import policy_name, scope_of
from bailiwick.cli.questions import parse_pairs, parse_value
from bailiwick.cli.sources import read_sources, write_text
from bailiwick.cli.times import minute_of, parse_time, second_of
from bailiwick.errors import Invalid, NotFound, Unavailable
from bailiwick.model.names import parse_name

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("3", 3),
        ("0.5", 0.5),
        ("10.0.0.1", "10.0.0.1"),
        ("eu-de", "eu-de"),
        ('"true"', "true"),
        ('["a", "b"]', ["a", "b"]),
        ("null", None),
        ("", ""),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("[" * 100_000, "[" * 100_000),
        ("a=b", "a=b"),
    ],
)
def test_a_value_is_json_where_it_is_json(text: str, value: object) -> None:
    """Numbers that JSON has no form for, and everything else that is none, are texts."""
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_pairs_are_named_once() -> None:
    """Each pair has a key and stands once; a value may hold an equals sign."""
    assert parse_pairs(["a=1", "b=x=y", "c="], "--context") == {"a": 1, "b": "x=y", "c": ""}
    for wrong in ("a", "=1", ""):
        with pytest.raises(Invalid, match="is not K=V at --property"):
            parse_pairs([wrong], "--property")
    with pytest.raises(Invalid, match="`a` is given twice at --context"):
        parse_pairs(["a=1", "a=1"], "--context")


def test_a_scope_is_what_the_options_name() -> None:
    """Each option constrains its attribute, one left out none."""
    assert scope_of(None, None, None, None, None, None) == {}
    assert scope_of("s", "r", "t", "i", "p", "n") == {
        "service": "s", "region": "r", "instance": "n", "project": "p", "type": "t", "id": "i"
    }  # fmt: skip


@pytest.mark.parametrize("position", range(6))
def test_an_empty_option_does_not_widen_a_scope(position: int) -> None:
    """An option that is there and empty is refused: an unset variable of a script must not mean everything."""
    options: list[Any] = [None] * 6
    options[position] = " "
    with pytest.raises(Invalid, match="expected a value, got nothing at --"):
        scope_of(*options)


@given(
    st.text("abc/:* -", min_size=1, max_size=12).filter(str.strip),
    st.lists(st.text("Rr/e: ", min_size=1, max_size=200), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["service", "region"]), st.text("a*/:", min_size=1, max_size=200)),
)
def test_a_made_up_policy_name_is_a_name(name: str, roles: list[str], scope: dict[str, str]) -> None:
    """Whatever roles and scope are called, the name made of them is one that the account takes."""
    made = policy_name(f"user:{name}", roles, scope)
    assert parse_name(made, "name") == made


def test_instants_are_shown_in_utc() -> None:
    """Minutes for tables, seconds for the log, nothing for nothing."""
    assert minute_of("2026-11-20T13:45:59.123+01:00") == "2026-11-20 12:45"
    assert second_of("2026-11-20T12:45:59.999999+00:00") == "2026-11-20 12:45:59"
    assert minute_of(None) == second_of("") == minute_of("soon") == ""
    assert parse_time("2026-11-20T12:00:00Z") == NOW


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "enabled"),
        ({"disabled": True}, "disabled"),
        ({"expires_at": "2026-11-20T12:00:00Z"}, "expired"),
        ({"expires_at": "2026-11-20T12:00:01Z"}, "enabled"),
        ({"disabled": True, "expires_at": "2020-01-01T00:00:00Z"}, "disabled"),
        ({"locked": True}, "enabled, locked"),
    ],
)
def test_the_state_of_a_key(more: dict[str, Any], state: str) -> None:
    """A key is enabled, disabled or expired, from the instant itself on."""
    key = {"disabled": False, "locked": False, "expires_at": None, **more}
    assert state_of(key, NOW) == state


def test_files_of_a_directory_are_read_in_order(tmp_path: Path) -> None:
    """All YAML files below a directory, by name; what is named outright is read whatever its name."""
    for name in ("b.yaml", "a/z.yml", "a/note.txt", "plain"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    found = read_sources([tmp_path, tmp_path / "plain"])
    assert [one["text"] for one in found] == ["a/z.yml", "b.yaml", "plain"]
    assert found[0]["file"] == str(tmp_path / "a" / "z.yml")


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A directory without documents, a missing file and one that is no text are refused."""
    with pytest.raises(NotFound, match=r"no \.yaml or \.yml file in"):
        read_sources([tmp_path])
    with pytest.raises(NotFound, match="No such file or directory"):
        read_sources([tmp_path / "x.yaml"])
    (tmp_path / "x.yaml").write_bytes(b"a: b\n\nc: \xff\n")
    with pytest.raises(Invalid, match="is not UTF-8 text, in line 3"):
        read_sources([tmp_path])


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A new file takes the place of the old one; a place that is none is an error."""
    (tmp_path / "x").write_text("old", encoding="utf-8")
    write_text(tmp_path / "x", "new")
    assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("x", "new")]
    with pytest.raises(Unavailable, match="cannot write"):
        write_text(tmp_path / "no" / "x", "new")
