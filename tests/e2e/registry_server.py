"""A real container registry and a real client, for tests: docker-registry, skopeo, and images from scratch.

`RegistryServer` runs Debian's docker-registry on a free loopback port with token authentication,
`Skopeo` runs the client in an environment of its own, `build_oci_image` writes an OCI layout to push.
Nothing here issues tokens or decides anything; whoever tests brings the token endpoint.
Install both programs with scripts/install-registry.sh.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 20
STOP_SECONDS = 10
_LISTENING = re.compile(r'"msg":"listening on 127\.0\.0\.1:([0-9]+)"')
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """What a registry is told about its token endpoint; `bundle_pem` holds the trusted certificates."""

    realm: str
    service: str
    issuer: str
    bundle_pem: str


class RegistryServer:
    """A docker-registry of one's own, from entering the block to leaving it.

    It keeps images in `folder`, may delete, caches no blob descriptions, and trusts `auth`'s certificates
    as of its last start: a registry never reads its bundle again while it runs.
    """

    def __init__(self, folder: Path, auth: TokenAuth) -> None:
        self.folder = folder
        self.auth = auth
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._http_secret = secrets.token_hex(16)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Under which host and port do clients find it?"""
        return f"127.0.0.1:{self.port}"

    def reference(self, repository: str, tag: str) -> str:
        """How does skopeo name this image?"""
        return f"docker://{self.address}/{repository}:{tag}"

    def log_text(self) -> str:
        """What has the registry logged since its first start?"""
        return self._log_path.read_text(encoding="utf-8") if self._log_path.exists() else ""

    def start(self) -> None:
        """Is it listening? Raises RuntimeError with its log when it does not within `START_SECONDS`.

        A first start takes any free port, a later one the same port again.
        """
        self._write_configuration()
        log_size = len(self.log_text())
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [find_program("docker-registry"), "serve", str(self._configuration_path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                cwd=self.folder,
            )
        self.port = self._wait_until_listening(log_size)

    def stop(self) -> None:
        """Has the process ended? It is asked to, and after `STOP_SECONDS` made to."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)

    def restart(self, bundle_pem: str) -> None:
        """Does it listen again on its port, trusting these certificates?"""
        self.stop()
        self.auth = TokenAuth(self.auth.realm, self.auth.service, self.auth.issuer, bundle_pem)
        self.start()

    def collect_garbage(self) -> str:
        """What does the registry's own collector print? It removes blobs that no manifest refers to."""
        command = [find_program("docker-registry"), "garbage-collect", str(self._configuration_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    @property
    def _configuration_path(self) -> Path:
        return self.folder / "config.yml"

    @property
    def _log_path(self) -> Path:
        return self.folder / "registry.log"

    def _write_configuration(self) -> None:
        """WHY: the file is written as JSON, which is YAML too, so that no value needs quoting by hand."""
        bundle_path = self.folder / "bundle.pem"
        bundle_path.write_text(self.auth.bundle_pem, encoding="ascii")
        token = {
            "realm": self.auth.realm,
            "service": self.auth.service,
            "issuer": self.auth.issuer,
            "rootcertbundle": str(bundle_path),
        }
        configuration = {
            "version": "0.1",
            "log": {"level": "info", "formatter": "json"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.folder / "data")},
                "delete": {"enabled": True},
            },
            "http": {"addr": f"127.0.0.1:{self.port}", "secret": self._http_secret},
            "auth": {"token": token},
        }
        self._configuration_path.write_text(json.dumps(configuration, indent=2), encoding="utf-8")

    def _wait_until_listening(self, log_size: int) -> int:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = self.log_text()[log_size:]
            listening = _LISTENING.search(said)
            if listening:
                return int(listening.group(1))
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        said = self.log_text()[log_size:]
        self.stop()
        raise RuntimeError(f"docker-registry did not start:\n{said}")


@dataclass(frozen=True, slots=True)
class SkopeoResult:
    """How one run of skopeo ended."""

    exit_code: int
    stdout: str
    stderr: str


class Skopeo:
    """skopeo with a home of its own: no credentials, blob cache or configuration but what it is given.

    `creds` is `user:password`; without it the client uses what `login` stored in its home, or nothing.
    """

    def __init__(self, home: Path, timeout_seconds: float = 60) -> None:
        self.home = home
        self.timeout_seconds = timeout_seconds
        for folder in ("data", "config", "run", "tmp"):
            (home / folder).mkdir(parents=True, exist_ok=True)

    @property
    def authfile(self) -> Path:
        """Where does this client keep what `login` was given?"""
        return self.home / "auth.json"

    def run(self, *arguments: str) -> SkopeoResult:
        """How does skopeo end with these arguments? Raises TimeoutExpired when it does not."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "REGISTRY_AUTH_FILE": str(self.authfile),
            # WHY: root's blob cache is the system's; an ordinary user's is in its own XDG_DATA_HOME.
            "_CONTAINERS_ROOTLESS_UID": "1000",
        }
        done = subprocess.run(
            [find_program("skopeo"), "--insecure-policy", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.timeout_seconds,
            check=False,
        )
        return SkopeoResult(done.returncode, done.stdout, done.stderr)

    def push(self, image: OciImage, reference: str, creds: str | None = None) -> SkopeoResult:
        """Can this image be uploaded there?"""
        shown = ["--dest-creds", creds] if creds else []
        return self.run("copy", "--dest-tls-verify=false", *shown, image.source, reference)

    def pull(self, reference: str, folder: Path, creds: str | None = None) -> SkopeoResult:
        """Can the image there be downloaded into this folder?"""
        shown = ["--src-creds", creds] if creds else []
        return self.run("copy", "--src-tls-verify=false", *shown, reference, f"dir:{folder}")

    def copy(self, source: str, target: str, creds: str | None = None) -> SkopeoResult:
        """Can the image be copied from registry to registry?"""
        shown = ["--src-creds", creds, "--dest-creds", creds] if creds else []
        return self.run("copy", "--src-tls-verify=false", "--dest-tls-verify=false", *shown, source, target)

    def delete(self, reference: str, creds: str | None = None) -> SkopeoResult:
        """Can the image there be deleted, and with it every tag of the same digest?"""
        return self.run("delete", "--tls-verify=false", *_shown(creds), reference)

    def inspect_raw(self, reference: str, creds: str | None = None) -> SkopeoResult:
        """What is the manifest there, byte for byte?"""
        return self.run("inspect", "--raw", "--tls-verify=false", *_shown(creds), reference)

    def list_tags(self, repository: str, creds: str | None = None) -> SkopeoResult:
        """Which tags has this repository (`docker://host:port/name`)?"""
        return self.run("list-tags", "--tls-verify=false", *_shown(creds), repository)

    def login(self, address: str, user_name: str, password: str) -> SkopeoResult:
        """Does the registry take these? If so, later runs without `creds` use them."""
        return self.run("login", "--tls-verify=false", "-u", user_name, "-p", password, address)


@dataclass(frozen=True, slots=True)
class OciImage:
    """An image as an OCI layout in a folder; digests are `sha256:` and 64 hex digits."""

    folder: Path
    tag: str
    manifest_digest: str
    config_digest: str
    layer_digest: str

    @property
    def source(self) -> str:
        """How does skopeo name it?"""
        return f"oci:{self.folder}:{self.tag}"


def build_oci_image(folder: Path, files: Mapping[str, bytes], tag: str = "v1") -> OciImage:
    """What is the image with these files in its one layer? The same files give the same digests."""
    layer = _tar_of(files)
    layer_digest, layer_entry = _store_blob(folder, gzip.compress(layer, mtime=0), _LAYER_TYPE)
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    config_digest, config_entry = _store_blob(folder, json.dumps(configuration).encode(), _CONFIG_TYPE)
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": config_entry,
        "layers": [layer_entry],
    }
    manifest_digest, manifest_entry = _store_blob(folder, json.dumps(manifest).encode(), _MANIFEST_TYPE)
    named = manifest_entry | {"annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    return OciImage(folder, tag, manifest_digest, config_digest, layer_digest)


def find_program(name: str) -> str:
    """Where is this program installed? Raises FileNotFoundError with what to do."""
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"`{name}` is not installed; run scripts/install-registry.sh as root")
    return path


def _shown(creds: str | None) -> list[str]:
    return ["--creds", creds] if creds else []


def _tar_of(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()


def _store_blob(folder: Path, data: bytes, media_type: str) -> tuple[str, dict[str, object]]:
    """Which digest and descriptor has this blob, now written into the layout?"""
    name = hashlib.sha256(data).hexdigest()
    path = folder / "blobs" / "sha256" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    digest = f"sha256:{name}"
    return digest, {"mediaType": media_type, "digest": digest, "size": len(data)}
