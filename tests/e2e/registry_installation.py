"""A whole installation for tests: Bailiwick over HTTP, real registries that obey it, clients and images.

`Installation` serves the world of tests/unit/service/registry_world.py from files over HTTP; `start_registry` runs a
real registry for one of its registries. A test may shift the installation's clock; the registries keep the real one.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from tests.e2e.registry_server import OciImage, RegistryServer, Skopeo, SkopeoResult, TokenAuth
from tests.unit.service.registry_world import EU, Clock, World, basic, build_world

from bailiwick.api.serve import bind, make_server
from bailiwick.authn.signing import KeyPurpose
from bailiwick.service.locating import locate
from bailiwick.service.settings import Registry
from bailiwick.store.opening import create_store

START_SECONDS = 10


class Installation:
    """Bailiwick on a free port, with its data in `folder`, from entering the block to leaving it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._socket, address = bind("127.0.0.1:0")
        self.url = f"http://{address}"
        self.clock = Clock(0.0, running=True)
        store = create_store(folder / "bailiwick", at=datetime.now(UTC), locate=locate)
        self.world: World = build_world(store, self.clock, public_url=self.url)
        self._server = make_server(self.world.host, self._socket)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self._server.started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()
        self.world.host.close()

    def bundle(self) -> str:
        """Which certificates shall registries trust now?"""
        return self.world.host.key_set(KeyPurpose.REGISTRY).certificate_bundle(datetime.now(UTC))

    def start_registry(
        self, registry: Registry, *, images_of: RegistryServer | None = None
    ) -> RegistryServer:
        """A registry that believes this installation, for a `with` block; it may share another's images."""
        auth = TokenAuth(f"{self.url}/registry/token", registry.service, self.url, self.bundle())
        folder = self.folder / registry.service
        if images_of is not None:
            folder.mkdir()
            (folder / "data").symlink_to(images_of.folder / "data")
        return RegistryServer(folder, auth)

    def creds(self, owner: str) -> str:
        """What does skopeo show for this principal: its API key, made at the first call?"""
        return f"iamapikey:{self.world.key(owner)}"

    def ask(self, owner: str, *scopes: str, registry: Registry = EU) -> str:
        """Which token does this principal get over HTTP for these scopes?"""
        status, body = self.ask_with(basic("iamapikey", self.world.key(owner)), *scopes, registry=registry)
        assert status == 200, body
        return str(body["token"])

    def ask_with(
        self, authorization: str, *scopes: str, registry: Registry = EU
    ) -> tuple[int, dict[str, object]]:
        """Status and body of a token request with this header."""
        query = urlencode([("service", registry.service), *(("scope", scope) for scope in scopes)])
        status, text = fetch(f"{self.url}/registry/token?{query}", authorization)
        body: dict[str, object] = json.loads(text)
        return status, body


class Desk:
    """Somebody at a client of their own, who shows what `creds` says, or nothing."""

    def __init__(self, folder: Path, registry: RegistryServer, creds: str | None) -> None:
        self.skopeo = Skopeo(folder / "home")
        self.folder = folder
        self.registry = registry
        self.creds = creds

    def push(self, image: OciImage, repository: str) -> SkopeoResult:
        """How does uploading it end?"""
        return self.skopeo.push(image, self.registry.reference(repository, "v1"), self.creds)

    def pull(self, repository: str) -> SkopeoResult:
        """How does downloading it end?"""
        shutil.rmtree(self.pulled, ignore_errors=True)
        return self.skopeo.pull(self.registry.reference(repository, "v1"), self.pulled, self.creds)

    def delete(self, repository: str) -> SkopeoResult:
        """How does deleting it end?"""
        return self.skopeo.delete(self.registry.reference(repository, "v1"), self.creds)

    def has(self, image: OciImage) -> bool:
        """Was exactly this image's layer downloaded, byte for byte?"""
        layer = self.pulled / image.layer_digest.removeprefix("sha256:")
        source = image.folder / "blobs" / image.layer_digest.replace(":", "/")
        return layer.exists() and layer.read_bytes() == source.read_bytes()

    @property
    def pulled(self) -> Path:
        """Where does it put what it downloads?"""
        return self.folder / "pulled"


def fetch(url: str, authorization: str) -> tuple[int, str]:
    """Status and body of a GET with this header."""
    request = urllib.request.Request(url, headers={"Authorization": authorization})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
