"""Does the documentation say what the program does? Run by `make docs`.

Links lead somewhere, every command and every error reason is documented, every rule that code cites exists,
every dependency has its reason, every decision has its parts.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def main() -> int:
    """How many findings are there? Prints each."""
    findings = [*links(), *commands(), *reasons(), *rules(), *dependencies(), *decisions()]
    for finding in findings:
        print(finding)
    print(f"documentation: {len(PAGES)} pages, {len(findings)} findings")
    return 1 if findings else 0


def links() -> Iterator[str]:
    """Which relative links lead nowhere?"""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: link to `{target}` leads nowhere"


def commands() -> Iterator[str]:
    """Which commands of the command line does no page name?"""
    from typer.main import get_command

    from bailiwick.cli.main import app

    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    group = get_command(app)
    for name, command in getattr(group, "commands", {}).items():
        for path in [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]:
            if f"bailiwick {path}" not in text:
                yield f"command `bailiwick {path}` is in no page"


def reasons() -> Iterator[str]:
    """Which reasons of decisions does the specification not name?"""
    from bailiwick.model.requests import Reason

    text = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    for reason in Reason:
        if f"`{reason.value}`" not in text:
            yield f"reason `{reason.value}` is not in docs/spec.md"


def rules() -> Iterator[str]:
    """Which rules does code cite that the specification does not have?"""
    known = set(
        re.findall(r"^\*\*(\d+\.\d+)\*\*", (ROOT / "docs/spec.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for file in sorted((ROOT / "src").rglob("*.py")):
        for cited in re.findall(r"rules? (\d+\.\d+)", file.read_text(encoding="utf-8")):
            if cited not in known:
                yield f"{file.relative_to(ROOT)}: cites rule {cited}, which docs/spec.md does not have"


def dependencies() -> Iterator[str]:
    """Which dependency has no reason in docs/dependencies.md?"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=;\[ ]", requirement)[0]
        if f"| {name} |" not in text:
            yield f"dependency `{name}` has no reason in docs/dependencies.md"


def decisions() -> Iterator[str]:
    """Which decision record lacks one of its parts?"""
    for page in sorted((ROOT / "docs/decisions").glob("*.md")):
        for part in ("## Motivation", "## Design", "## Drawbacks", "## Alternatives"):
            if part not in page.read_text(encoding="utf-8"):
                yield f"{page.relative_to(ROOT)}: has no `{part}`"


if __name__ == "__main__":
    sys.exit(main())
