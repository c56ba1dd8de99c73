"""A real container registry does what Bailiwick's policies say, with a real client and real images.

Each test brings documents of its own, so that none changes what another sees; what cannot be told apart so has an
installation of its own.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.registry_installation import Desk, Installation, fetch
from tests.e2e.registry_server import OciImage, RegistryServer, build_oci_image
from tests.unit.service.registry_world import EU, EU_PRIVATE, US, basic

from bailiwick.authn.signing import KeyPurpose
from bailiwick.service.keyring import rotate
from bailiwick.service.keys.changing import delete_key

DENIED = "denied: requested access to the resource is denied"
BAD_CREDENTIALS = (
    "invalid username/password: unauthorized: the credential is missing, unknown, expired or withdrawn"
)
PRIVATE_ONLY = """
kind: Guardrail
name: private-only
actions: [container-registry.image.pull, container-registry.image.push]
scope: {service: container-registry}
when: {not: {key: context.network, operator: string-equals, value: private}}
"""

READER_OF_DEV = """
kind: User
name: {name}
---
kind: Policy
name: {name}-reads-dev
subjects: ["user:{name}"]
roles: [Reader]
scope: {{service: container-registry, region: eu-de, type: namespace, id: dev}}
"""

DeskOf = Callable[[str | None], Desk]


def reader_of_dev(name: str) -> str:
    """The documents of a user who reads the namespace `dev`."""
    return READER_OF_DEV.format(name=name)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for the tests that only add to it."""
    with Installation(tmp_path_factory.mktemp("installation")) as running:
        yield running


@pytest.fixture(scope="module")
def registry(installation: Installation) -> Iterator[RegistryServer]:
    """Its registry in `eu-de`."""
    with installation.start_registry(EU) as running:
        yield running


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> OciImage:
    """A tiny image."""
    return build_oci_image(tmp_path_factory.mktemp("image"), {"etc/motd": b"hello\n"})


@pytest.fixture
def desk_of(installation: Installation, registry: RegistryServer, tmp_path: Path) -> DeskOf:
    """A fresh client for a principal, or for nobody."""

    def make(owner: str | None) -> Desk:
        folder = tmp_path / (owner or "nobody").replace(":", "-")
        return Desk(folder, registry, installation.creds(owner) if owner else None)

    return make


@pytest.fixture
def dev_app(desk_of: DeskOf, image: OciImage) -> str:
    """The image in the namespace `dev`, uploaded by the account's owner."""
    assert desk_of("user:root").push(image, "dev/app").exit_code == 0
    return "dev/app"


def test_a_reader_pulls_and_neither_pushes_nor_deletes(
    desk_of: DeskOf, dev_app: str, image: OciImage
) -> None:
    """What is pulled is the image, byte for byte; what is refused is refused by the registry."""
    rita = desk_of("user:rita")
    assert rita.pull(dev_app).exit_code == 0
    assert rita.has(image)
    pushed = rita.push(image, "dev/of-rita")
    assert (pushed.exit_code, DENIED in pushed.stderr) == (1, True)
    deleted = rita.delete(dev_app)
    assert (deleted.exit_code, "401 Unauthorized" in deleted.stderr) == (1, True)
    assert rita.pull(dev_app).exit_code == 0


def test_a_writer_pushes_and_a_manager_deletes(desk_of: DeskOf, image: OciImage) -> None:
    """What one has uploaded the other removes, and then it is unknown."""
    will, mona = desk_of("user:will"), desk_of("user:mona")
    pushed = will.push(image, "dev/team/made")
    assert pushed.exit_code == 0, pushed.stderr
    assert mona.pull("dev/team/made").exit_code == 0
    assert mona.has(image)
    deleted = mona.delete("dev/team/made")
    assert deleted.exit_code == 0, deleted.stderr
    assert "manifest unknown" in mona.pull("dev/team/made").stderr


def test_nobody_crosses_namespaces(desk_of: DeskOf, image: OciImage) -> None:
    """Whatever one may do in `dev`, in `prod` and in a namespace that looks like it one may do nothing."""
    root = desk_of("user:root")
    for repository in ("prod/app", "dev-2/app", "devs/app"):
        assert root.push(image, repository).exit_code == 0
        for owner in ("user:rita", "user:will", "user:mona"):
            desk = desk_of(owner)
            for refused in (desk.pull(repository), desk.push(image, repository)):
                assert (refused.exit_code, DENIED in refused.stderr) == (1, True)


def test_a_layer_is_not_fetched_across_namespaces_by_mounting_it(
    installation: Installation, desk_of: DeskOf, tmp_path: Path
) -> None:
    """A client that knows a layer of `prod` asks to mount it; its token leaves `prod` out and it uploads its own."""
    hidden = build_oci_image(tmp_path / "hidden", {"secret": b"of prod\n"})
    root, will = desk_of("user:root"), desk_of("user:will")
    assert root.push(hidden, "prod/mounted").exit_code == 0
    will.skopeo = root.skopeo  # WHY: its blob cache knows that the registry holds the layer in `prod/mounted`
    pushed = will.push(hidden, "dev/mounted")
    assert pushed.exit_code == 0, pushed.stderr
    asked = [event.event.detail for event in installation.world.events("issued")]
    mounts = [detail for detail in asked if "prod/mounted:pull no_matching_policy" in str(detail["withheld"])]
    assert [detail["principal"] for detail in mounts] == ["user:will"]
    assert mounts[0]["granted"] == ["dev/mounted:pull", "dev/mounted:push"]


def test_a_policy_counts_from_the_next_token_on(
    installation: Installation, desk_of: DeskOf, dev_app: str
) -> None:
    """Nothing is restarted, and nobody logs in again."""
    installation.world.apply("{kind: User, name: nina}")
    nina = desk_of("user:nina")
    assert nina.pull(dev_app).exit_code == 1
    installation.world.apply(reader_of_dev("nina"))
    assert nina.pull(dev_app).exit_code == 0
    installation.world.remove("Policy", "nina-reads-dev")
    assert nina.pull(dev_app).exit_code == 1


def test_a_service_id_in_a_group_works_in_its_resource_group(
    installation: Installation, desk_of: DeskOf, image: OciImage
) -> None:
    """A policy on the project `devs` reaches the namespace registered in it, and no other."""
    installation.world.apply(
        """
        kind: ServiceId
        name: ci
        ---
        kind: Group
        name: builders
        members: [service-id:ci]
        ---
        kind: Policy
        name: builders-write-devs
        subjects: [group:builders]
        roles: [Writer]
        scope: {service: container-registry, project: devs}
        """
    )
    ci = desk_of("service-id:ci")
    assert ci.push(image, "dev/built").exit_code == 0
    for repository in ("prod/built", "unregistered/built"):
        assert DENIED in ci.push(image, repository).stderr


def test_a_region_is_a_registry_of_its_own(
    installation: Installation, desk_of: DeskOf, image: OciImage, tmp_path: Path
) -> None:
    """Policies for `eu-de` do nothing in `us-south`, and a token for one registry is none for the other."""
    assert desk_of("user:will").push(image, "dev/regional").exit_code == 0
    with installation.start_registry(US) as american:
        refused = Desk(tmp_path / "us", american, installation.creds("user:will")).push(image, "dev/regional")
        assert (refused.exit_code, DENIED in refused.stderr) == (1, True)
        url = f"http://{american.address}/v2/"
        assert fetch(url, f"Bearer {installation.ask('user:root', registry=US)}")[0] == 200
        assert fetch(url, f"Bearer {installation.ask('user:root', registry=EU)}")[0] == 401


def test_without_credentials_one_pulls_what_is_open_to_everyone(
    installation: Installation, desk_of: DeskOf, image: OciImage
) -> None:
    """A namespace is opened by a policy, and the rest stays closed."""
    installation.world.apply(
        """
        kind: Policy
        name: open-to-everyone
        subjects: [group:everyone]
        roles: [Reader]
        scope: {service: container-registry, region: eu-de, type: namespace, id: open}
        """
    )
    root, nobody = desk_of("user:root"), desk_of(None)
    for repository in ("open/app", "closed/app"):
        assert root.push(image, repository).exit_code == 0
    assert nobody.pull("open/app").exit_code == 0
    assert nobody.has(image)
    for refused in (nobody.pull("closed/app"), nobody.push(image, "open/app")):
        assert (refused.exit_code, DENIED in refused.stderr) == (1, True)


def test_a_withdrawn_key_gets_no_new_token_and_the_client_says_so(
    installation: Installation, desk_of: DeskOf, dev_app: str
) -> None:
    """From the moment of its withdrawal; a wrong key and another account's are refused too."""
    installation.world.apply(reader_of_dev("walter"))
    walter = desk_of("user:walter")
    assert walter.pull(dev_app).exit_code == 0
    delete_key(installation.world.host, installation.world.owner, installation.world.keys["user:walter"].uid)
    assert BAD_CREDENTIALS in walter.pull(dev_app).stderr
    walter.creds = "iamapikey:bwk_aaaaaaaa_" + "A" * 43
    assert BAD_CREDENTIALS in walter.pull(dev_app).stderr
    walter.creds = f"iamapikey:{installation.world.keys['other/user:root'].text}"
    assert "the credential is not one of registry `registry-eu`'s account" in walter.pull(dev_app).stderr


def test_what_a_withdrawn_key_was_given_ends_two_minutes_after_its_issue(
    installation: Installation, registry: RegistryServer, dev_app: str
) -> None:
    """A token lives 60 seconds and the registry adds 60; the clock that issues it is set back instead of waiting."""
    world = installation.world
    world.apply(reader_of_dev("zoe"))
    world.key("user:zoe")
    world.clock.seconds = -114.0
    try:
        header = f"Bearer {installation.ask('user:zoe', f'repository:{dev_app}:pull')}"
    finally:
        world.clock.seconds = 0.0
    delete_key(world.host, world.owner, world.keys["user:zoe"].uid)
    assert installation.ask_with(basic("iamapikey", world.keys["user:zoe"].text))[0] == 401
    url = f"http://{registry.address}/v2/{dev_app}/tags/list"
    assert fetch(url, header)[0] == 200
    deadline = time.monotonic() + 8
    while fetch(url, header)[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert fetch(url, header)[0] == 401


def test_a_login_with_a_refresh_token_lasts_as_long_as_its_key(
    installation: Installation, registry: RegistryServer, desk_of: DeskOf, image: OciImage
) -> None:
    """A client that keeps a refresh token posts it in a form, and is refused once the key is withdrawn."""
    installation.world.apply(
        """
        kind: User
        name: frida
        ---
        kind: Policy
        name: frida-writes-dev
        subjects: [user:frida]
        roles: [Writer]
        scope: {service: container-registry, region: eu-de, type: namespace, id: dev}
        """
    )
    header = basic("iamapikey", installation.world.key("user:frida"))
    status, text = fetch(f"{installation.url}/registry/token?service={EU.service}&offline_token=true", header)
    assert status == 200
    frida = desk_of(None)
    entry = {"auth": b64encode(b"<token>:").decode(), "identitytoken": json.loads(text)["refresh_token"]}
    frida.skopeo.authfile.write_text(json.dumps({"auths": {registry.address: entry}}))
    pushed = frida.push(image, "dev/of-frida")
    assert pushed.exit_code == 0, pushed.stderr
    frida.creds = f"iamrefresh:{entry['identitytoken']}"
    assert frida.pull("dev/of-frida").exit_code == 0
    delete_key(installation.world.host, installation.world.owner, installation.world.keys["user:frida"].uid)
    assert BAD_CREDENTIALS in frida.pull("dev/of-frida").stderr
    frida.creds = None
    refused = frida.push(image, "dev/of-frida")
    assert (refused.exit_code, BAD_CREDENTIALS in refused.stderr) == (1, True)


def test_a_login_takes_a_key_and_refuses_another(
    installation: Installation, registry: RegistryServer, desk_of: DeskOf, dev_app: str
) -> None:
    """What was stored by the login does for what follows."""
    rita = desk_of(None)
    key = installation.world.key("user:rita")
    assert rita.skopeo.login(registry.address, "iamapikey", key[:-1] + "_").exit_code == 1
    assert rita.skopeo.login(registry.address, "iamapikey", key).stdout == "Login Succeeded!\n"
    assert rita.pull(dev_app).exit_code == 0


def test_the_catalog_shows_all_names_to_whoever_may_list_the_region(
    installation: Installation, registry: RegistryServer, dev_app: str
) -> None:
    """The owner reads it, a manager of one namespace does not."""
    url = f"http://{registry.address}/v2/_catalog"
    status, text = fetch(url, f"Bearer {installation.ask('user:root', 'registry:catalog:*')}")
    assert (status, dev_app in json.loads(text)["repositories"]) == (200, True)
    assert fetch(url, f"Bearer {installation.ask('user:mona', 'registry:catalog:*')}")[0] == 401


def test_private_only_closes_the_public_network_and_leaves_the_private_one(
    tmp_path: Path, image: OciImage
) -> None:
    """The same images are served on two networks; the guardrail binds the owner, and ends with its removal."""
    with (
        Installation(tmp_path / "own") as installation,
        installation.start_registry(EU) as public,
        installation.start_registry(EU_PRIVATE, images_of=public) as private,
    ):
        outside = Desk(tmp_path / "outside", public, installation.creds("user:root"))
        inside = Desk(tmp_path / "inside", private, installation.creds("user:root"))
        assert outside.push(image, "dev/app").exit_code == 0
        installation.world.apply(PRIVATE_ONLY)
        for refused in (outside.pull("dev/app"), outside.push(image, "dev/other")):
            assert (refused.exit_code, DENIED in refused.stderr) == (1, True)
        assert inside.pull("dev/app").exit_code == 0
        assert inside.has(image)
        assert inside.push(image, "dev/other").exit_code == 0
        installation.world.remove("Guardrail", "private-only")
        assert outside.pull("dev/other").exit_code == 0


def test_keys_turn_without_an_outage(tmp_path: Path, image: OciImage) -> None:
    """Bundle of both, restart, switch: no token is refused; a switch before the restart shows what that is for."""
    with Installation(tmp_path / "own") as installation, installation.start_registry(EU) as registry:
        root = Desk(tmp_path / "root", registry, installation.creds("user:root"))
        assert root.push(image, "dev/app").exit_code == 0
        switch_keys(installation, days=2)
        assert root.pull("dev/app").exit_code == 0
        registry.restart(installation.bundle())
        assert root.pull("dev/app").exit_code == 0
        switch_keys(installation, days=4)
        assert root.pull("dev/app").exit_code == 0
        switch_keys(installation, days=6)
        assert root.pull("dev/app").exit_code == 1
        assert "token signed by untrusted key with ID" in registry.log_text()
        registry.restart(installation.bundle())
        assert root.pull("dev/app").exit_code == 0
        assert root.has(image)


def switch_keys(installation: Installation, *, days: int) -> None:
    """The next registry key signs from now on; it is said to be so many days later, for a key waits a day."""
    host = installation.world.host
    rotate(host.store, KeyPurpose.REGISTRY, host.at() + timedelta(days=days), "system")
