"""docs/provisioning.md does what it says: its documents apply, its commands run, curl is answered."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.guide import list_blocks
from tests.e2e.processes import call, signed_in
from tests.e2e.server import OWNER, RunningServer

PAGE = Path(__file__).resolve().parents[2] / "docs/provisioning.md"


def blocks(words: str) -> list[str]:
    """Which blocks of this kind has the page, in their order?"""
    return [block.text for block in list_blocks(PAGE.read_text(encoding="utf-8")) if block.words == words]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's examples are for curl")
def test_the_page_does_what_it_says(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From nothing to a user, a question and a group; then a group that was there is given to the directory."""
    connecting, giving = blocks("yaml")
    (tmp_path / "directory.yaml").write_text(connecting, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    variables = signed_in(server.address, server.key(OWNER))
    made = [call(*shlex.split(line)[1:], variables=variables) for line in blocks("text")[0].splitlines()]
    assert [one.code for one in made] == [0, 0], made
    environment = {**os.environ, "KEY": made[1].out.strip(), "SCIM": f"{server.address}/scim/v2"}
    (script,) = blocks("sh")
    done = subprocess.run(
        ["sh", "-e", "-c", script.replace("curl ", "curl -sSfw '\\n' ")],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    user, found, group = (json.loads(line) for line in done.stdout.splitlines())
    assert user["userName"] == "bjensen@acme.example"
    assert found["Resources"] == [user]
    assert group["displayName"] == "imaging"
    owner = server.owner()
    assert owner.apply({"kind": "User", "name": "alice"}).status == 200
    assert owner.apply_text(giving).status == 200
    assert owner.get("groups", "image-readers").json["provisioned_by"] == "service-id:directory"
