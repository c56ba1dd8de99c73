"""login, logout, whoami and token. A token is printed by `token` only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any

import typer

from bailiwick.cli.client import KEY, TOKEN, Client
from bailiwick.cli.login.flow import RUN_LOGIN, Codes, Endpoints, server_of
from bailiwick.cli.login.logins import Login, Logins, Tokens
from bailiwick.cli.login.using import ACCOUNT, URL, find_logged_in
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, reporting
from bailiwick.cli.times import minute_of
from bailiwick.errors import Denied, Invalid, NotFound, Unauthenticated, Unavailable

ServerOption = Annotated[
    str | None, typer.Option("--server", help="the server's address; BAILIWICK_URL if not given")
]
AccountOption = Annotated[str | None, typer.Option("--account", help="the account that is meant")]


@reporting
def login(
    server: ServerOption = None,
    account: AccountOption = None,
    browser: Annotated[bool, typer.Option("--browser", help="open the page in a browser here")] = False,
) -> None:
    """Sign in by a browser, on this machine or another; later commands ask as you."""
    logins = Logins()
    address = _server(logins, server)
    with Endpoints(address) as endpoints:
        codes = endpoints.begin()
        _show(codes, open_it=browser)
        tokens = endpoints.wait(codes)
        made = keep_login(logins, endpoints, tokens, account)
    print_lines([f"signed in to {made.account} at {address} as {made.principal}"])


def keep_login(logins: Logins, endpoints: Endpoints, tokens: Tokens, account: str | None) -> Login:
    """Keep these tokens, if they are of the account that is meant; an older login there ends. Raises Denied."""
    with Client(endpoints.server, "", tokens.access) as client:
        who = client.get("/v1/whoami")
    if account not in (None, who["account"]):
        endpoints.revoke(tokens.refresh)
        raise Denied(
            f"you signed in to `{who['account']}` in the browser, not to `{account}`",
            action="", reason="other_account", help=f"sign in there to `{account}`, then {RUN_LOGIN} again",
        )  # fmt: skip
    try:
        older = logins.find_exactly(endpoints.server, who["account"])
        old_tokens = None if older is None else _readable(logins, older)
        made = logins.add(endpoints.server, who["account"], who["principal"], tokens)
    except Invalid:
        # WHY: what cannot be kept here is good for nobody, and would stand at the server for its whole time.
        with suppress(Unavailable, Unauthenticated):
            endpoints.revoke(tokens.refresh)
        raise
    if old_tokens is not None:
        # WHY suppressed: the new login is good, and the older one ends by itself.
        with suppress(Unavailable, Unauthenticated):
            endpoints.revoke(old_tokens.refresh)
    return made


@reporting
def logout(
    server: ServerOption = None,
    account: AccountOption = None,
    everything: Annotated[bool, typer.Option("--all", help="every login on this machine")] = False,
) -> None:
    """End a login, here and at the server, with whatever was begun by it."""
    logins = Logins()
    for one in logins.all()[0] if everything else [_meant(logins, server, account)]:
        tokens = _readable(logins, one)
        # SECURITY: first from this machine: what the server does not hear of ends by itself, what lies here does not.
        logins.remove(one)
        if tokens is not None:
            with Endpoints(one.server) as endpoints:
                endpoints.revoke(tokens.refresh)
        print_lines([f"signed out of {one.account} at {one.server}"])


@reporting
def whoami(output: OutputOption = Output.TABLE) -> None:
    """Say who asks, of which account, until when, and by what."""
    with Client.from_environment() as client:
        who = {**client.get("/v1/whoami"), "server": client.url, "by": _by()}
    if output is Output.JSON:
        print_json(who)
        return
    print_lines(_said(who))


@reporting
def token(output: OutputOption = Output.TABLE) -> None:
    """Print an access token of yours, for use as a bearer token."""
    with Client.from_environment() as client:
        text, account = client.token, client.account
        if output is Output.JSON:
            who = client.get("/v1/whoami")
            shown = {"access_token": text, "account": account, "expires_at": who["expires_at"]}
            print_json({**shown, "principal": who["principal"]})
            return
    print_lines([text])


def _said(who: Mapping[str, Any]) -> Iterator[str]:
    yield f"{who['principal']} of {who['account']} at {who['server']}"
    if who["signed_in"]:
        how = f" by {', '.join(who['methods'])}" if who["methods"] else ""
        proved = f", proved {minute_of(who['proved_at'])} UTC" if who["proved_at"] else ""
        yield f"signed in{how}{proved}"
    yield f"until {minute_of(who['expires_at'])} UTC, by {who['by']}"
    if who["through"]:
        yield f"assumed through {', '.join(who['through'])}"
    if who["for"]:
        yield f"acting for {', '.join(who['for'])}"
    if who["restricted"]:
        yield "with less than all that they may do"


def _by() -> str:
    for name in (TOKEN, KEY):
        if os.environ.get(name, "").strip():
            return name
    return "`bailiwick login`"


def _show(codes: Codes, *, open_it: bool) -> None:
    typer.echo(f"Open {codes.address}\nand type the code {codes.user_code}", err=True)
    if open_it:
        import webbrowser

        webbrowser.open(codes.address_with_code)


def _server(logins: Logins, said: str | None) -> str:
    """At which server is it to be signed in: the one that is said, that of the environment, or the one in use?"""
    text = said or os.environ.get(URL, "").strip()
    if text:
        return server_of(text)
    used = logins.find()
    if used is None:
        raise Invalid.at("", "it is not said which server", f"give --server, or set {URL}")
    return used.server


def _meant(logins: Logins, server: str | None, account: str | None) -> Login:
    """Which login is meant? Raises NotFound."""
    if server is None and account is None:
        found = find_logged_in()
        login = None if found is None else found.login
    else:
        login = logins.find(
            "" if server is None else server_of(server), account or os.environ.get(ACCOUNT, "")
        )
    if login is None:
        raise NotFound(
            "you are not signed in there", "`bailiwick logout --all` ends every login of this machine"
        )
    return login


def _readable(logins: Logins, login: Login) -> Tokens | None:
    """Which tokens has it? None also where they cannot be read: it is about to be forgotten."""
    try:
        return logins.tokens(login)
    except Invalid:
        return None
