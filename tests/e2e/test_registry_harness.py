"""The registry harness works: real docker-registry and skopeo obey tokens that authn issues.

The token endpoint here is a throwaway that knows one key and grants a fixed set of registry actions.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.e2e.registry_server import OciImage, RegistryServer, Skopeo, TokenAuth, build_oci_image

from bailiwick.authn.compact import Signer
from bailiwick.authn.registry import (
    CredentialKind,
    PresentedCredential,
    RegistryErrorCode,
    RegistryTokenRequest,
    issue_registry_token,
    list_access,
    list_questions,
    parse_token_request,
    registry_error_body,
    registry_token_body,
)
from bailiwick.authn.signing import KeyPurpose, KeySet, generate_signing_key, rotate_key_set, start_key_set
from bailiwick.authn.tokens import TokenParties
from bailiwick.errors import Unauthenticated

SERVICE = "reg-svc"
ISSUER = "https://iam.acme.example/registry"
CREDS = "iamapikey:the-only-key"
KNOWN = {
    PresentedCredential(CredentialKind.API_KEY, "the-only-key"),
    PresentedCredential(CredentialKind.REFRESH_TOKEN, "the-only-refresh-token"),
}


@dataclass
class TokenEndpoint:
    """A token endpoint that grants `granted` (registry actions) outside `closed_namespaces`."""

    keys: KeySet
    granted: frozenset[str] = frozenset({"pull", "push", "delete", "*"})
    anonymous: frozenset[str] = frozenset()
    closed_namespaces: frozenset[str] = frozenset()
    parties: TokenParties = field(default_factory=lambda: TokenParties(issuer=ISSUER, audience=SERVICE))
    asked: list[RegistryTokenRequest] = field(default_factory=list)

    def answer(self, asked: RegistryTokenRequest) -> dict[str, str | int]:
        """What does whoever asks get?"""
        self.asked.append(asked)
        if asked.credential is not None and asked.credential not in KNOWN:
            raise Unauthenticated("the key is not known")
        granted = self.granted if asked.credential else self.anonymous
        access = list_access(
            question
            for question in list_questions(asked.scopes)
            if question.registry_action in granted
            and (question.repository is None or question.repository.namespace not in self.closed_namespaces)
        )
        token = issue_registry_token(
            access,
            parties=self.parties,
            signer=Signer(self.keys.current()),
            subject="service-id:ci" if asked.credential else "anonymous",
            now=datetime.now(UTC),
            jti=str(uuid.uuid4()),
        )
        return registry_token_body(token)


class TokenHandler(BaseHTTPRequestHandler):
    """Speaks HTTP for the endpoint that its server holds."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A token request in the query."""
        self._reply(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """A token request in a form that comes in chunks."""
        form = bytearray()
        while size := int(self.rfile.readline().strip(), 16):
            form += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        self._reply(form.decode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""

    def _reply(self, text: str) -> None:
        assert isinstance(self.server, TokenServer)
        body: object
        try:
            asked = parse_token_request(parse_qsl(text), self.headers.get("Authorization"))
            status, body = 200, self.server.endpoint.answer(asked)
        except Unauthenticated as refused:
            status, body = 401, registry_error_body(RegistryErrorCode.UNAUTHORIZED, refused.message)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class TokenServer(ThreadingHTTPServer):
    """The throwaway token server on a free loopback port."""

    daemon_threads = True

    def __init__(self, endpoint: TokenEndpoint) -> None:
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.endpoint = endpoint


@pytest.fixture(scope="module")
def first_keys() -> KeySet:
    """The registry's key set as the installation began with it."""
    now = datetime.now(UTC)
    return start_key_set([generate_signing_key(KeyPurpose.REGISTRY, now) for _ in range(2)], now)


@pytest.fixture(scope="module")
def token_server(first_keys: KeySet) -> Iterator[TokenServer]:
    """One token server for all tests of this file."""
    server = TokenServer(TokenEndpoint(first_keys))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def registry(
    token_server: TokenServer, first_keys: KeySet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryServer]:
    """One registry for all tests of this file."""
    realm = f"http://127.0.0.1:{token_server.server_address[1]}/registry/token"
    auth = TokenAuth(realm, SERVICE, ISSUER, first_keys.certificate_bundle(datetime.now(UTC)))
    with RegistryServer(tmp_path_factory.mktemp("registry"), auth) as server:
        yield server


@pytest.fixture
def endpoint(token_server: TokenServer, first_keys: KeySet) -> TokenEndpoint:
    """A fresh endpoint that grants everything to whoever has the key."""
    token_server.endpoint = TokenEndpoint(first_keys)
    return token_server.endpoint


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    """A client that has never run before."""
    return Skopeo(tmp_path / "home")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> OciImage:
    """A tiny image."""
    return build_oci_image(tmp_path_factory.mktemp("image"), {"etc/motd": b"hello\n", "bin/nothing": b""})


def get(registry: RegistryServer, path: str, token: str) -> tuple[int, str, str]:
    """Status, body and challenge of a GET with this token."""
    request = urllib.request.Request(
        f"http://{registry.address}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Www-Authenticate", "")


def token_for(endpoint: TokenEndpoint, *scopes: str) -> str:
    """A token for these scopes, asked with the key."""
    parameters = [("service", SERVICE), *(("scope", scope) for scope in scopes)]
    header = "Basic " + b64encode(CREDS.encode()).decode()
    return str(endpoint.answer(parse_token_request(parameters, header))["token"])


def mounts_asked(endpoint: TokenEndpoint) -> list[tuple[str, str]]:
    """Target and source of every mount that the client has asked a token for."""
    pairs = [asked.scopes for asked in endpoint.asked if len(asked.scopes) == 2]
    return [(target.name, source.name) for target, source in pairs]


def test_an_image_is_pushed_listed_pulled_and_deleted(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage, tmp_path: Path
) -> None:
    """The whole life of an image, each step with the key, and each byte as it was."""
    reference = registry.reference("ns/whole-life", "v1")
    pushed = skopeo.push(image, reference, CREDS)
    assert pushed.exit_code == 0, pushed.stderr
    listed = skopeo.list_tags(f"docker://{registry.address}/ns/whole-life", CREDS)
    assert json.loads(listed.stdout)["Tags"] == ["v1"]
    manifest = skopeo.inspect_raw(reference, CREDS).stdout
    assert manifest == (image.folder / "blobs" / image.manifest_digest.replace(":", "/")).read_text()
    pulled = skopeo.pull(reference, tmp_path / "pulled", CREDS)
    assert pulled.exit_code == 0, pulled.stderr
    layer = (tmp_path / "pulled" / image.layer_digest.removeprefix("sha256:")).read_bytes()
    assert layer == (image.folder / "blobs" / image.layer_digest.replace(":", "/")).read_bytes()
    deleted = skopeo.delete(reference, CREDS)
    assert deleted.exit_code == 0, deleted.stderr
    gone = skopeo.pull(reference, tmp_path / "gone", CREDS)
    assert gone.exit_code == 1
    assert "manifest unknown" in gone.stderr


def test_one_push_asks_once_and_a_deletion_once(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage
) -> None:
    """A push asks for pull and push in one request; a deletion asks for `*`, which is expanded."""
    reference = registry.reference("ns/asks", "v1")
    assert skopeo.push(image, reference, CREDS).exit_code == 0
    assert skopeo.delete(reference, CREDS).exit_code == 0
    actions = [sorted(scope.actions) for asked in endpoint.asked for scope in asked.scopes]
    assert actions == [["pull", "push"], ["*"]]


def test_a_reader_pulls_and_does_not_push_or_delete(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage, tmp_path: Path
) -> None:
    """The registry itself refuses what the token does not hold."""
    reference = registry.reference("ns/reader", "v1")
    assert skopeo.push(image, reference, CREDS).exit_code == 0
    endpoint.granted = frozenset({"pull"})
    assert skopeo.pull(reference, tmp_path / "pulled", CREDS).exit_code == 0
    other = build_oci_image(tmp_path / "other", {"a": b"other"})
    for refused in (skopeo.push(other, reference, CREDS), skopeo.delete(reference, CREDS)):
        assert refused.exit_code == 1
        assert "unauthorized" in refused.stderr.lower()
    endpoint.granted = frozenset()
    refused = skopeo.pull(reference, tmp_path / "refused", CREDS)
    assert "denied: requested access to the resource is denied" in refused.stderr


def test_nobody_pulls_only_what_is_open(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage, tmp_path: Path
) -> None:
    """Without credentials a client asks as `anonymous` and gets what that is granted."""
    reference = registry.reference("ns/open", "v1")
    assert skopeo.push(image, reference, CREDS).exit_code == 0
    assert skopeo.pull(reference, tmp_path / "closed").exit_code == 1
    endpoint.anonymous = frozenset({"pull"})
    assert skopeo.pull(reference, tmp_path / "open").exit_code == 0
    assert endpoint.asked[-1].credential is None


def test_a_wrong_key_is_answered_with_the_endpoint_s_own_words(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, tmp_path: Path
) -> None:
    """The client shows the message of the error body, for an unknown key and for an unknown user name."""
    reference = registry.reference("ns/wrong", "v1")
    wrong = skopeo.pull(reference, tmp_path / "wrong", "iamapikey:another-key")
    assert "invalid username/password: unauthorized: the key is not known" in wrong.stderr
    stranger = skopeo.pull(reference, tmp_path / "stranger", "alice:the-only-key")
    assert "invalid username/password: unauthorized: unknown kind of user name" in stranger.stderr


def test_a_login_is_kept_for_later(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage
) -> None:
    """A login asks without a scope; what follows needs no credentials on the command line."""
    assert skopeo.login(registry.address, "iamapikey", "another-key").exit_code == 1
    assert skopeo.login(registry.address, "iamapikey", "the-only-key").stdout == "Login Succeeded!\n"
    assert endpoint.asked[-1].scopes == ()
    assert skopeo.push(image, registry.reference("ns/login", "v1")).exit_code == 0


def test_an_identity_token_is_posted_as_a_form(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage
) -> None:
    """A client that holds a refresh token sends it in a chunked form, which is read like a query."""
    entry = {"auth": b64encode(b"<token>:").decode(), "identitytoken": "the-only-refresh-token"}
    skopeo.authfile.write_text(json.dumps({"auths": {registry.address: entry}}))
    pushed = skopeo.push(image, registry.reference("ns/identity", "v1"))
    assert pushed.exit_code == 0, pushed.stderr
    assert endpoint.asked[-1].credential == PresentedCredential(
        CredentialKind.REFRESH_TOKEN, "the-only-refresh-token"
    )
    assert endpoint.asked[-1].client_id == "containers/image"


def test_a_layer_is_mounted_from_an_open_repository_and_uploaded_from_a_closed_one(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, image: OciImage
) -> None:
    """Both copies succeed; only the second has its mount refused by a token with a part of the scopes."""
    assert skopeo.push(image, registry.reference("src/app", "v1"), CREDS).exit_code == 0
    assert (
        skopeo.copy(
            registry.reference("src/app", "v1"), registry.reference("dst/mounted", "v1"), CREDS
        ).exit_code
        == 0
    )
    assert mounts_asked(endpoint) == [("dst/mounted", "src/app")]
    endpoint.asked.clear()
    endpoint.closed_namespaces = frozenset({"src", "dst"})
    uploaded = skopeo.push(image, registry.reference("third/app", "v1"), CREDS)
    assert uploaded.exit_code == 0, uploaded.stderr
    assert {target for target, _ in mounts_asked(endpoint)} == {"third/app"}
    assert {source for _, source in mounts_asked(endpoint)} <= {"src/app", "dst/mounted"}


def test_the_catalog_needs_the_star_on_the_catalog(registry: RegistryServer, endpoint: TokenEndpoint) -> None:
    """Its listing is given to a token with that entry and refused to any other, whatever it may pull."""
    assert get(registry, "/v2/_catalog", token_for(endpoint, "registry:catalog:*"))[0] == 200
    status, _, challenge = get(registry, "/v2/_catalog", token_for(endpoint, "repository:ns/asks:*"))
    assert status == 401
    assert 'scope="registry:catalog:*",error="insufficient_scope"' in challenge


def test_a_token_for_another_service_or_of_an_unknown_key_is_invalid(
    registry: RegistryServer, endpoint: TokenEndpoint
) -> None:
    """The registry checks audience, issuer and key, and calls all such tokens invalid."""
    assert get(registry, "/v2/", token_for(endpoint)) == (200, "{}", "")
    true_parties, true_keys = endpoint.parties, endpoint.keys
    now = datetime.now(UTC)
    for parties, keys in (
        (TokenParties(issuer=ISSUER, audience="another-service"), true_keys),
        (TokenParties(issuer=ISSUER + "/", audience=SERVICE), true_keys),
        (true_parties, start_key_set([generate_signing_key(KeyPurpose.REGISTRY, now)], now)),
    ):
        endpoint.parties, endpoint.keys = parties, keys
        status, _, challenge = get(registry, "/v2/", token_for(endpoint))
        assert status == 401
        assert 'error="invalid_token"' in challenge


def test_a_rotation_needs_no_restart_until_the_next_one(
    registry: RegistryServer, endpoint: TokenEndpoint, first_keys: KeySet, tmp_path: Path
) -> None:
    """The next key is in the bundle from the start; the one after it is trusted after a restart."""
    now = datetime.now(UTC)

    def rotated(keys: KeySet) -> KeySet:
        fresh = generate_signing_key(KeyPurpose.REGISTRY, now)
        return rotate_key_set(keys, now, fresh=fresh, lead_seconds=0, overlap_seconds=120)

    def status_with(keys: KeySet) -> int:
        endpoint.keys = keys
        return get(rotating, "/v2/", token_for(endpoint))[0]

    second_keys = rotated(first_keys)
    third_keys = rotated(second_keys)
    with RegistryServer(tmp_path / "rotating", registry.auth) as rotating:
        port = rotating.port
        assert [status_with(keys) for keys in (first_keys, second_keys, third_keys)] == [200, 200, 401]
        rotating.restart(third_keys.certificate_bundle(now))
        assert [status_with(keys) for keys in (first_keys, second_keys, third_keys)] == [200, 200, 200]
        rotating.restart(third_keys.certificate_bundle(now + timedelta(seconds=120)))
        assert [status_with(keys) for keys in (first_keys, second_keys, third_keys)] == [401, 401, 200]
        assert rotating.port == port


def test_deleted_images_leave_the_disk_when_garbage_is_collected(
    registry: RegistryServer, endpoint: TokenEndpoint, skopeo: Skopeo, tmp_path: Path
) -> None:
    """Deletion frees nothing by itself; the collector then removes the image's blobs."""
    only_here = build_oci_image(tmp_path / "only-here", {"unique": b"nothing else holds this layer"})
    reference = registry.reference("ns/garbage", "v1")
    assert skopeo.push(only_here, reference, CREDS).exit_code == 0
    stored = list((registry.folder / "data").rglob(only_here.layer_digest.removeprefix("sha256:")))
    assert stored
    assert skopeo.delete(reference, CREDS).exit_code == 0
    printed = registry.collect_garbage()
    assert f"blob eligible for deletion: {only_here.layer_digest}" in printed
    blobs = registry.folder / "data" / "docker" / "registry" / "v2" / "blobs"
    assert not list(blobs.rglob(only_here.layer_digest.removeprefix("sha256:")))


def test_a_registry_that_cannot_start_says_why(first_keys: KeySet, tmp_path: Path) -> None:
    """A bundle without a certificate stops the registry, and the harness repeats its words."""
    broken = RegistryServer(tmp_path / "broken", TokenAuth("http://127.0.0.1:1/t", SERVICE, ISSUER, ""))
    with pytest.raises(RuntimeError, match=r"docker-registry did not start:(.|\n)*token auth"), broken:
        raise AssertionError("the registry has started")


def test_the_same_files_give_the_same_image(image: OciImage, tmp_path: Path) -> None:
    """Images are built without any date, so digests can be written into tests."""
    again = build_oci_image(tmp_path / "again", {"bin/nothing": b"", "etc/motd": b"hello\n"})
    assert again.manifest_digest == image.manifest_digest
    assert build_oci_image(tmp_path / "other", {"a": b""}).manifest_digest != image.manifest_digest
