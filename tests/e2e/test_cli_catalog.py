"""catalog list, show and check: what is shipped, without a server, and what is wrong with an entry."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from tests.e2e.processes import Done, call

from bailiwick.service.catalog_files import load_system_catalog

RECORDS = """\
kind: Service
name: records
title: Records
resource_types:
  record: {}
actions:
  - {id: read, title: Read a record, resource_type: record, access: read}
  - {id: write, title: Write a record, resource_type: record, access: write}
roles:
  - {name: Reader, kind: service, actions: [read]}
"""
BROKEN = """\
kind: Service
name: records
titel: Records
resource_types:
  record: {}
actions:
  - {id: read, title: Read a record, resource_type: recrd, access: read}
  - {id: write, title: Write a record, resource_type: record, access: wriet}
roles:
  - {name: Reader, kind: service, actions: [raed]}
"""


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """A file with a good entry."""
    file = tmp_path / "records.yaml"
    file.write_text(RECORDS, encoding="utf-8")
    return file


def test_list_shows_every_service(entry: Path) -> None:
    """Each shipped service stands with its title and what it has, as a table and as JSON."""
    services = load_system_catalog()
    lines = call("catalog", "list").out.splitlines()
    assert lines[0].split() == ["service", "title", "resource", "types", "actions", "operations", "roles"]
    assert [line.split()[0] for line in lines[1:]] == list(services)
    listed = json.loads(call("catalog", "list", "--output", "json").out)
    assert [one["service"] for one in listed] == list(services)
    [registry] = [one for one in listed if one["service"] == "container-registry"]
    assert (registry["title"], registry["actions"]) == ("Container Registry", 23)


def test_show_shows_one_service_in_full() -> None:
    """Types, actions, operations and roles, the source, and where the entry differs from it."""
    done = call("catalog", "show", "container-registry")
    service = load_system_catalog()["container-registry"]
    assert (done.code, done.err) == (0, "")
    for word in (*service.resource_types, *service.actions, *service.operations, *service.roles):
        assert any(line.startswith(word) for line in done.out.splitlines()), word
    assert done.out.count("\ndiffers: ") == len(service.differs)
    assert "source: IBM Cloud Container Registry, Managing user access" in done.out
    [build] = [line for line in done.out.splitlines() if line.startswith("ibmcloud cr build ")]
    assert "discontinued since 2021-10-05" in build


@pytest.mark.parametrize("name", list(load_system_catalog()))
@pytest.mark.parametrize("columns", [80, 160])
def test_show_fits_the_terminal(name: str, columns: int) -> None:
    """No line is longer than the terminal is wide, whatever the service."""
    for words in (("catalog", "show", name), ("roles", name), ("catalog", "list")):
        done = call(*words, variables={"COLUMNS": str(columns)})
        assert done.code == 0
        assert max(len(line) for line in done.out.splitlines()) <= columns


def test_show_as_json_is_the_entrys_document(tmp_path: Path) -> None:
    """What --output json prints is an entry that check takes."""
    done = call("catalog", "show", "ims", "--output", "json")
    assert json.loads(done.out)["name"] == "ims"
    file = tmp_path / "ims.json"
    file.write_text(done.out, encoding="utf-8")
    assert call("catalog", "check", str(file)).code == 0


def test_a_service_that_is_not_there_gets_the_nearest_word() -> None:
    """show and roles name what was probably meant."""
    for command in (("catalog", "show"), ("roles",)):
        assert call(*command, "container-registy") == Done(
            2,
            "",
            "error: there is no service `container-registy`\n  help: did you mean `container-registry`?\n",
        )


def test_check_says_what_is_in_a_good_entry(entry: Path) -> None:
    """A good entry has no findings."""
    assert call("catalog", "check", str(entry)) == Done(0, "records: 2 actions, 5 roles\nno findings\n", "")


@pytest.mark.parametrize("entry", sorted(load_system_catalog()))
def test_check_takes_every_shipped_entry(entry: str) -> None:
    """What is shipped stands the test that it is shipped with."""
    folder = files("bailiwick.catalog") / "services"
    done = call("catalog", "check", str(folder / f"{entry}.yaml"))
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("no findings\n")


def test_check_names_every_finding_with_its_line(entry: Path) -> None:
    """Several slips in one entry come together, each with file, line, place and the nearest right word."""
    entry.write_text(BROKEN, encoding="utf-8")
    done = call("catalog", "check", str(entry))
    assert (done.code, done.out) == (2, "")
    said = {text.partition("\n")[0].removeprefix(f"{entry}:") for text in done.err.split("error: ")[1:]}
    assert {
        "3: unknown field `titel` at titel",
        "7: unknown resource type `recrd` at actions[0].resource_type",
        "10: unknown action `raed` at roles[0].rights[0].actions[0]",
    } <= said
    assert "  help: did you mean `title`?\n" in done.err
    assert "  help: did you mean `record`?\n" in done.err
    assert "  help: did you mean `read`?\n" in done.err
    assert any(line.startswith("8: ") and "`wriet`" in line for line in said)


def test_check_reads_every_document_of_a_file(entry: Path) -> None:
    """Findings of a second entry come with those of the first."""
    entry.write_text(f"{BROKEN}---\n{BROKEN.replace('name: records', 'name: others')}", encoding="utf-8")
    lines = {
        int(line.split(":")[2])
        for line in call("catalog", "check", str(entry)).err.splitlines()
        if line.startswith("error: ")
    }
    assert {3, 7, 10, 14, 18, 21} <= lines


def test_check_judges_an_accounts_own_service_as_apply_would(entry: Path) -> None:
    """An entry that names an account must not take a system service's name, nor name rights of others."""
    own = RECORDS.replace("kind: Service\n", "kind: Service\naccount: acme\n")
    entry.write_text(own, encoding="utf-8")
    assert call("catalog", "check", str(entry)).code == 0
    entry.write_text(own.replace("name: records", "name: ims"), encoding="utf-8")
    done = call("catalog", "check", str(entry))
    assert done == Done(
        2,
        "",
        f"error: {entry}:3: `ims` is a service of the system at Service ims: name\n"
        "  help: choose another name\n",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "`{file}` holds no service entry"),
        ("# nothing\n", "`{file}` holds no service entry"),
        ("kind: User\nname: x\n", "{file}:1: "),
    ],
)
def test_check_finds_nothing_good_in_what_is_no_entry(entry: Path, text: str, error: str) -> None:
    """An empty file, or documents of another kind, are no services without findings."""
    entry.write_text(text, encoding="utf-8")
    done = call("catalog", "check", str(entry))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {error.format(file=entry)}")


def test_check_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    assert call("catalog", "check", str(tmp_path / "no.yaml")) == Done(
        2, "", f"error: cannot read `{tmp_path / 'no.yaml'}`: No such file or directory\n"
    )
