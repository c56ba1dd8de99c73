"""Three nodes over PostgreSQL behind a proxy on this machine, with the sample company: `make cluster`.

It shows how they answer, and what happens when one of them or the database dies.
With `--demo` it ends after that; else it stays until Ctrl-C. What it starts it stops, by process id.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.cluster.company import Company
from scripts.cluster.database import Database
from scripts.cluster.nodes import Caller, Node, node_at, running_proxy
from scripts.cluster.processes import free_port, say
from scripts.cluster.show import Show

NODES = 3


def main() -> int:
    """Start, show, and stay until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data/cluster"), help="where its data lie")
    parser.add_argument(
        "--listen", default="127.0.0.1:8470", help="HOST:PORT of the proxy; port 0 picks a free one"
    )
    parser.add_argument("--demo", action="store_true", help="end after the show")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        show = start(given.folder, given.listen, stack)
        show.run()
        say()
        if given.demo:
            say("That is all; everything is stopped.")
            return 0
        for line in invitation(show):
            say(line)
        try:
            signal.pause()
        finally:
            say("Stopping ...")
    return 0


def start(folder: Path, listen: str, stack: ExitStack) -> Show:
    """Start everything; the stack stops it."""
    # WHY not 0700: where root starts it, PostgreSQL's own user must get through. Each file in it is private.
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    logs = Path(stack.enter_context(TemporaryDirectory(prefix="bailiwick-cluster-logs-")))
    database = Database(folder, logs)
    stack.callback(database.stop)
    # WHY here, too: this process opens the store to make the company. The password itself is in no environment.
    os.environ["PGPASSFILE"] = str(database.passwords)
    database.start()
    say(f"PostgreSQL {database.version()} answers at port {database.port} (process {database.pid}).")
    company = Company(database, folder.resolve())
    if company.is_there():
        say("The sample company is there already.")
    else:
        say("Making the sample company ...")
        company.make()
    host, _, port = listen.rpartition(":")
    address = f"{host}:{int(port) or free_port()}"
    nodes = [Node(f"node-{number}", company, logs, f"http://{address}") for number in range(1, NODES + 1)]
    for node in nodes:
        stack.callback(node.running.stop)
        node.running.start()
    for node in nodes:
        node.wait()
        say(f"{node.name} answers at {node.url} (process {node.running.pid}).")
    proxy = running_proxy(address, nodes, logs)
    stack.callback(proxy.stop)
    proxy.start()
    proxy.wait_until(lambda: node_at(f"http://{address}") is not None)
    say(f"HAProxy answers at http://{address}, before the three (process {proxy.pid}).")
    caller = Caller(f"http://{address}", company.owner_key.read_text(encoding="utf-8").strip())
    stack.callback(caller.close)
    return Show(company, nodes, caller)


def invitation(show: Show) -> list[str]:
    """What may whoever looks at it do now?"""
    url = show.caller.url
    link = show.company.link(url)
    door = (
        f"choose the owner's password at {link}" if link else f"sign in at {url}/console as `owner` of `acme`"
    )
    return [
        f"The console is at {url}/console: {door}",
        "",
        "For the command line, in another terminal:",
        "",
        f"  export PATH={Path(sys.executable).parent}:$PATH",
        f"  export BAILIWICK_URL={url} BAILIWICK_API_KEY=$(cat {show.company.owner_key})",
        "",
        f"Try it yourself: kill -9 {show.nodes[2].running.pid} ends {show.nodes[2].name}.",
        "Ctrl-C stops everything; the next start takes the same data.",
    ]


if __name__ == "__main__":
    sys.exit(main())
