"""import: policies of other clouds as documents, printed for review or applied in one transaction.

Reading and translating is done here by the importing room; what the account has is asked of the server, which judges
the documents as any others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.cli.client import KEY, URL, Client
from bailiwick.cli.documents import print_answer, send
from bailiwick.cli.output import Output, OutputOption, print_json, reporting
from bailiwick.cli.sources import read_text
from bailiwick.cli.tables import printable
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_subject
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.yaml_text import format_documents

if TYPE_CHECKING:
    from bailiwick.importing.mapping import ImportMapping
    from bailiwick.importing.policies import Imported

NOBODY = "user:nobody"


class Provider(str, Enum):
    """Whose policies are they?"""

    AWS = "aws"
    HUAWEI = "huawei"
    IBM = "ibm"


@reporting
def import_(
    provider: Annotated[Provider, typer.Argument(help="whose policies they are: aws, huawei (and OTC), ibm")],
    files: Annotated[list[Path], typer.Argument(help="JSON files, a policy or a list of policies each")],
    subject: Annotated[
        list[str] | None,
        typer.Option("--subject", help="whom they are for, such as group:readers; repeatable"),
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="what the other system's names mean here (YAML)")
    ] = None,
    services: Annotated[
        list[Path] | None,
        typer.Option("--services", help="YAML files with services that the account will have"),
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="huawei: the region they were granted in")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="huawei: the enterprise project they were granted on")
    ] = None,
    narrow: Annotated[
        bool, typer.Option("--narrow", help="allow less at the edge of a time range where it cannot be met")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="apply them, all in one transaction")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what --apply would change, change nothing")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Read policies of AWS, Huawei or IBM as documents; what cannot be said exactly is refused."""
    subjects = tuple(parse_subject(one, "--subject") for one in subject or ())
    given = (files, map_file, services or [])
    if not (apply or dry_run):
        imported = _imported(provider.value, given, (subjects, region, project, narrow), _account_if_any())
        _print(imported, output)
        return
    with Client.from_environment() as client:
        account, descriptions = _account_of(client)
        imported = _imported(provider.value, given, (subjects, region, project, narrow), account)
        _check_names(imported, descriptions)
        _print_notes(imported)
        text = "".join(format_documents(imported.documents))
        answer = send(client, [{"file": "import", "text": text}], dry_run=dry_run, prune=False)
    print_answer(answer, output)


_Given = tuple[Sequence[Path], Path | None, Sequence[Path]]
_Chosen = tuple[tuple[str, ...], str | None, str | None, bool]


def _imported(provider: str, given: _Given, chosen: _Chosen, account: Account) -> Imported:
    """Which documents do the files come to? Raises Invalid with every refusal."""
    from bailiwick.importing.known import Known
    from bailiwick.importing.policies import Settings, Source, import_policies

    files, map_file, services = given
    subjects, region, project, narrow = chosen
    known = Known(load_system_catalog(), _with_services(account, services))
    mapping = _mapping(provider, map_file)
    settings = Settings(provider, mapping, subjects, region, project, narrow)
    names = [file.stem for file in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid.at(
            "", f"two files are called `{twice[0]}`", "a file's name begins the names of what it becomes"
        )
    sources = [Source(file.stem, read_text(file), str(file)) for file in files]
    return import_policies(sources, settings, known)


def _mapping(provider: str, file: Path | None) -> ImportMapping:
    from bailiwick.importing.mapping import ImportMapping, parse_mapping

    return ImportMapping(provider) if file is None else parse_mapping(read_text(file), str(file), provider)


def _with_services(account: Account, files: Sequence[Path]) -> Account:
    """The account with the services of these files too."""
    values = []
    for file in files:
        for source in parse_documents(read_text(file), str(file)):
            if source.data.get("kind") == "Service":
                values.append(parse_document(source.data, account.name, source.locate)[1])
    return assemble_account(account, values)


def _account_if_any() -> Account:
    """What does the account have, if a server is set? Else only what is shipped is known."""
    import os

    if not (os.environ.get(URL) and os.environ.get(KEY)):
        return Account("account", NOBODY)
    with Client.from_environment() as client:
        return _account_of(client)[0]


def _account_of(client: Client) -> tuple[Account, dict[tuple[str, str], str]]:
    """Which services and custom roles has the account, and how are its roles and policies described?"""
    values = []
    descriptions: dict[tuple[str, str], str] = {}
    for kind, path in (("Service", "services"), ("Role", "roles"), ("Policy", "policies")):
        for item in client.pages(client.account_path(path), "items"):
            descriptions[kind, str(item["name"])] = str(item.get("description", ""))
            if kind != "Policy":
                values.append(parse_document(_plain(item, kind), client.account)[1])
    return assemble_account(Account(client.account, NOBODY), values), descriptions


def _plain(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The document alone, without what the server says of it."""
    return {
        "kind": kind,
        **{name: value for name, value in item.items() if name not in ("uid", "revision", "etag", "kind")},
    }


def _check_names(imported: Imported, descriptions: Mapping[tuple[str, str], str]) -> None:
    """Would applying change what no import made, or leave what an earlier one made? Raises Invalid."""
    from bailiwick.importing.findings import Refusal
    from bailiwick.importing.policies import is_of

    new = {(str(one["kind"]), str(one["name"])) for one in imported.documents}
    found: list[Finding] = []
    for (kind, name), description in descriptions.items():
        is_ours = any(is_of(description, mark) for mark in imported.marks)
        if (kind, name) in new and not is_ours:
            message = f"the account has a {kind} `{name}` that this import did not make"
            found.append(Refusal(message, "", "rename the file, or that object", "import", 0, "name_taken"))
        elif (kind, name) not in new and is_ours:
            message = f"{kind} `{name}` of an earlier import is no more in it, and would stay"
            found.append(Refusal(message, "", "delete it first", "import", 0, "left_over"))
    if found:
        raise Invalid(found)


def _print(imported: Imported, output: Output) -> None:
    if output is Output.JSON:
        print_json({"documents": list(imported.documents), "notes": list(imported.notes)})
        return
    _print_notes(imported)
    typer.echo("".join(_commented(imported.notes)) + "".join(format_documents(imported.documents)), nl=False)


def _commented(notes: Iterable[str]) -> Iterable[str]:
    # SECURITY: a note names parts of the policy, which must not become lines of YAML.
    return (f"# {printable(note)}\n" for note in notes)


def _print_notes(imported: Imported) -> None:
    for note in imported.notes:
        typer.echo(printable(f"note: {note}"), err=True)
