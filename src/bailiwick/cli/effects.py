"""How effects of a change are shown on the command line: reach, what becomes possible, who loses what, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bailiwick.cli.output import cell, print_lines, print_table

MOST_NAMED = 3
COLUMNS = ("principals", "actions", "on", "through")


def print_effects(answer: Mapping[str, Any]) -> None:
    """Show what a change would do."""
    print_lines(line for one in answer["reach"] for line in _reach_lines(one))
    _print_found("newly possible", answer["gained"], complete=answer["complete"])
    _print_found("no longer possible", answer["lost"], complete=answer["complete"])
    if not answer["others"]:
        print_lines(["", "told is what becomes of yourself; others need `iam.decision.evaluate`"])
    print_lines(line for one in answer["warnings"] for line in _warning_lines(one))


def _reach_lines(reach: Mapping[str, Any]) -> Iterator[str]:
    principals = _counted(reach["principals"], "principals")
    resources = _counted(reach["resources"], "registered resources")
    public = ", and anybody besides" if reach["public"] else ""
    depends = f"; depends on {' and '.join(reach['depends_on'])}" if reach["depends_on"] else ""
    yield ""
    yield f"policy {reach['policy']} reaches {principals}{public} and {resources}{depends}"


def _counted(count: Mapping[str, Any] | None, word: str) -> str:
    if count is None:
        return f"{word} that are not yours to count"
    number = f"{count['number']:,}" if count["exact"] else f"at least {count['number']:,}"
    return f"{number} {word[:-1] if count['number'] == 1 else word}"


def _print_found(title: str, found: Mapping[str, Any], *, complete: bool) -> None:
    if not found["effects"]:
        print_lines(["", f"{title}: nothing{'' if complete else ' so far; not all was asked'}"])
        return
    answers = f"{'' if complete else 'at least '}{found['answers']:,} answers about known resources"
    print_lines(
        [
            "",
            f"{title}: {answers}, {_counted(_exact(found), 'principals')}",
        ]
    )
    print_table(COLUMNS, [_row(one) for one in found["effects"]], empty="")
    if found["left_out"]:
        print_lines([f"and {found['left_out']:,} more lines"])


def _exact(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": found["principals"], "exact": True}


def _row(effect: Mapping[str, Any]) -> list[str]:
    return [
        _some(effect["principals"], effect["principals_count"]),
        _some(effect["actions"], len(effect["actions"])),
        _place(effect),
        ", ".join(effect["policies"]) or effect["reason"],
    ]


def _place(effect: Mapping[str, Any]) -> str:
    if effect["scope"] is not None:
        return "all of " + ", ".join(f"{name} {cell(value)}" for name, value in effect["scope"].items())
    return _some(effect["resources"], effect["resources_count"])


def _some(names: Sequence[str], count: int) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    more = count - min(len(names), MOST_NAMED)
    return f"{shown} and {more:,} more" if more > 0 else shown


def _warning_lines(warning: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    about = " ".join(part for part in (warning["kind"], warning["name"]) if part)
    yield f"mind ({warning['code']}): {about}: {warning['message']}"
    yield f"    {warning['help']}"
