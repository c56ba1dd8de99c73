"""YAML text becomes plain documents with lines, or says exactly what is wrong and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.catalog.sources import MAX_DEPTH, SourceDocument, iter_documents, parse_documents
from bailiwick.errors import Finding, Invalid

THREE = """\
kind: User
name: alice
---
# a comment
kind: Policy
name: p
subjects: [user:alice,
  user:bob]
scope:
  service: ims
  id: "web-*"
---

kind: Group
name: g
"""

REFUSED = {
    "a duplicate key": ("a: 1\na: 2", "f.yaml:2: duplicate key `a`"),
    "a number as key": ("1: a", "f.yaml:1: expected text as a key, got `1`\n  help: quote it if it is text"),
    "a boolean as key": (
        "true: a",
        "f.yaml:1: expected text as a key, got `true`\n  help: quote it if it is text",
    ),
    "null as key": ("~: a", "f.yaml:1: expected text as a key, got `null`\n  help: quote it if it is text"),
    "a list as key": (
        "? [a]\n: b",
        "f.yaml:1: expected text as a key, got a list\n  help: quote it if it is text",
    ),
    "a mapping as key": (
        "? {a: b}\n: b",
        "f.yaml:1: expected text as a key, got a mapping\n  help: quote it if it is text",
    ),
    "an anchor": ("a: &x 1", "f.yaml:1: anchor `&x` is not supported\n  help: leave it out"),
    "an alias": ("\na: *x", "f.yaml:2: alias `*x` is not supported\n  help: write the value again"),
    "a tag": (
        "a: !!str 1",
        "f.yaml:1: tag `tag:yaml.org,2002:str` is not supported\n  help: leave it out",
    ),
    "a tag of its own": ("a: !secret 1", "f.yaml:1: tag `!secret` is not supported\n  help: leave it out"),
    "a merge key": (
        "<<: {a: 1}",
        "f.yaml:1: merge key `<<` is not supported\n  help: write the fields again",
    ),
    "an octal number": ("a: 012", "f.yaml:1: ambiguous number `012`\n  help: quote it if it is text"),
    "a new octal number": ("a: 0o12", "f.yaml:1: ambiguous number `0o12`\n  help: quote it if it is text"),
    "a number with underscores": (
        "a: 1_000",
        "f.yaml:1: ambiguous number `1_000`\n  help: quote it if it is text",
    ),
    "infinity": ("a: -.inf", "f.yaml:1: number `-.inf` is not finite\n  help: quote it if it is text"),
    "no number": ("a: .nan", "f.yaml:1: number `.nan` is not finite\n  help: quote it if it is text"),
    "a float that overflows": (
        "a: 1e999",
        "f.yaml:1: number `1e999` is not finite\n  help: quote it if it is text",
    ),
    "a huge number": (
        "a: 9223372036854775808",
        "f.yaml:1: number `9223372036854775808` is out of range\n  help: quote it if it is text",
    ),
    "an endless number": (
        "a: " + "9" * 5000,
        f"f.yaml:1: number `{'9' * 40}` is out of range\n  help: quote it if it is text",
    ),
    "a directive": (
        "%YAML 1.1\n---\na: 1",
        "f.yaml:1: directives are not supported\n  help: leave the line out",
    ),
    "a control character": ("b: 1\na: x\x07", "f.yaml:2: character U+0007 cannot stand in YAML"),
    "half of a surrogate pair": ("a: \ud800", "f.yaml:1: character U+D800 cannot stand in YAML"),
    "a list": (
        "- a",
        "f.yaml:1: expected a document with fields\n  help: write `kind: …` and the fields, one a line",
    ),
    "text": (
        "hello",
        "f.yaml:1: expected a document with fields\n  help: write `kind: …` and the fields, one a line",
    ),
    "an open bracket": (
        "a: 1\nb: [",
        "f.yaml:3: broken YAML: did not find expected node content\n  help: while parsing a flow node",
    ),
    "a stray indent": (
        "a: 1\n b: 2",
        "f.yaml:2: broken YAML: mapping values are not allowed in this context",
    ),
    "a document after an unusual line break": (
        "a: 1\u2028--- \u2028b: 2",
        "f.yaml:2: expected one document, got another after it\n  help: begin it with `---`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_yaml_readers_differ_on_is_refused(case: str) -> None:
    """Each surprise of YAML is one clear error with its file and line."""
    text, expected = REFUSED[case]
    with pytest.raises(Invalid) as caught:
        parse_documents(text, "f.yaml")
    assert [finding.format() for finding in caught.value.findings] == [expected]


VALUES = {
    "no": "no", "off": "off", "y": "y", "12:30": "12:30", "1:2:3": "1:2:3", "2027-01-01": "2027-01-01",
    "2027-01-01T00:00:00Z": "2027-01-01T00:00:00Z", "true": True, "FALSE": False, "null": None, "~": None, "": None,
    "12": 12, "-7": -7, "+7": 7, "0": 0, "0x1F": 31, "1.5": 1.5, "-.5": -0.5, "1e3": 1000.0, "1.2.3": "1.2.3",
    "'12'": "12", '"true"': "true", "nothing": "nothing", "Truth": "Truth", "=": "=", "0b": "0b",
    "10.0.0.0/8": "10.0.0.0/8", "9223372036854775807": 9223372036854775807,
}  # fmt: skip


@pytest.mark.parametrize("written", VALUES)
def test_unquoted_words_are_text_but_for_null_booleans_and_numbers(written: str) -> None:
    """A word that only YAML 1.1 takes for something else stays text."""
    [document] = parse_documents(f"a: {written}")
    assert document.data == {"a": VALUES[written]}
    assert type(document.data["a"]) is type(VALUES[written])


def test_keys_follow_the_same_rule() -> None:
    """`on` is a key like any other."""
    [document] = parse_documents("on: target\nno: 1\ny: 2")
    assert document.data == {"on": "target", "no": 1, "y": 2}


def test_every_document_knows_its_lines() -> None:
    """A path's line is its own, else that of the nearest part that is there."""
    user, policy, group = parse_documents(THREE, "f.yaml")
    assert (user.line, policy.line, group.line) == (1, 5, 14)
    assert policy.line_of(("subjects",)) == 7
    assert policy.line_of(("subjects", 1)) == 8
    assert policy.line_of(("scope", "id")) == 11
    assert policy.line_of(("scope", "region")) == 9
    assert policy.line_of(("when",)) == 5
    assert group.locate(("name",)) == ("f.yaml", 15)


def test_findings_of_all_documents_come_together() -> None:
    """A broken document does not hide the errors of the next."""
    with pytest.raises(Invalid) as caught:
        parse_documents("a: [\n---\na: 1\na: 2\n---\nb: &x 1", "f.yaml")
    assert [(finding.line, finding.message) for finding in caught.value.findings] == [
        (2, "broken YAML: did not find expected node content"),
        (4, "duplicate key `a`"),
        (6, "anchor `&x` is not supported"),
    ]


def test_documents_are_separated_by_markers_only() -> None:
    """Markers may carry content or comments; empty documents and comments between them are left out."""
    text = "\ufeff--- {a: 1}\n--- # nothing\n...\n# more\n---\n...\nb: 2\r\n...\n\n---x: 3\n---\n"
    assert [document.data for document in parse_documents(text)] == [{"a": 1}, {"b": 2}, {"---x": 3}]


def test_lines_count_as_editors_count_them() -> None:
    """Carriage returns, alone or with line feeds, end a line once."""
    first, second = parse_documents("a: 1\r---\r\nb: 2\rc: 3")
    assert (first.line_of(("a",)), second.line_of(("c",))) == (1, 4)


def test_nesting_is_bounded() -> None:
    """32 levels are read and 33 are not, however deep the text goes on."""
    fine = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert parse_documents(fine)[0].data["a"] is not None
    with pytest.raises(Invalid) as caught:
        parse_documents("a: " + "[" * 100_000, "f.yaml")
    assert caught.value.findings[0].format() == "f.yaml:1: document is nested deeper than 32"


def test_documents_stream_from_lines() -> None:
    """A file is read one document at a time, and stops at the first broken one."""
    documents = iter_documents(["a: 1\n", "---\n", "b: 2\n", "---\n", "c: 1\n", "c: 2\n"], "f.yaml")
    assert next(documents).data == {"a": 1}
    assert next(documents).data == {"b": 2}
    with pytest.raises(Invalid) as caught:
        next(documents)
    assert caught.value.findings[0].format() == "f.yaml:6: duplicate key `c`"


def test_a_long_stream_is_read_in_linear_time() -> None:
    """Twenty thousand documents come out complete and in order."""
    lines = (line for index in range(20_000) for line in ("---\n", f"name: d{index}\n"))
    assert [document.data["name"] for document in iter_documents(lines)] == [f"d{i}" for i in range(20_000)]


PIECES = [*"ab:-[]{}#&*!|>'\"%@`,? \n\t\\~<01.", "---\n", "a: ", "- ", "\ud800", "\x85"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Any text is documents or Invalid, and every document can locate its parts."""
    documents, findings = _read(text)
    assert all(finding.line >= 1 for finding in findings)
    for document in documents:
        assert isinstance(document, SourceDocument)
        assert all(document.line_of((key,)) >= 1 for key in document.data)


def _read(text: str) -> tuple[list[SourceDocument], tuple[Finding, ...]]:
    try:
        return parse_documents(text, "f.yaml"), ()
    except Invalid as error:
        return [], error.findings
