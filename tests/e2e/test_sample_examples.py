"""The sample company holds the documents' examples: each is asked of a server that holds the company and nothing else.

What the documents say in full is in tests/golden; here each named example is shown to be there, on both its sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from tests.e2e.server import Client, RunningServer

IMS, REGISTRY, CRYPTO = (
    "brn:acme:ims:{}::",
    "brn:acme:container-registry:{}::",
    "brn:acme:hs-crypto:us-south:{}:",
)
EU_IMAGES, NL_IMAGES = IMS.format("eu-de"), IMS.format("eu-nl")
EU, US = REGISTRY.format("eu-de"), REGISTRY.format("us-south")
DEVELOPMENT, PRODUCTION = CRYPTO.format("development"), CRYPTO.format("production")
CLOUD, PROJECT = "brn:acme:cloud:us-east::", "brn:acme:eps:::enterprise-project/"
KEY = "key-ring/r/key/k"

Question = tuple[str, str, str]

ALLOWED: dict[str, list[Question]] = {
    "IMS ReadOnlyAccess for a group in one region": [
        ("user:alice", "ims:images:list", f"{EU_IMAGES}image/web-1"),
        ("user:alice", "ims:images:get", f"{EU_IMAGES}image/web-1"),
    ],
    "a registry configured by its Manager": [
        ("user:carol", "container-registry.namespace.create", f"{EU}service/container-registry"),
        ("user:carol", "container-registry.quota.set", f"{EU}service/container-registry"),
        ("user:carol", "container-registry.pull-secret.apply", f"{EU}service/container-registry"),
    ],
    "a namespace used by Reader and Writer together": [
        ("service-id:ci", "container-registry.image.push", f"{EU}namespace/dev/image/app"),
        ("service-id:ci", "container-registry.retention.analyze", f"{EU}namespace/dev"),
        ("service-id:ci", "container-registry.image.delete", f"{EU}namespace/dev/image/app"),
        ("user:ivan", "container-registry.image.push", f"{EU}namespace/dev/image/app"),
        ("service-id:deployer", "container-registry.image.pull", f"{EU}namespace/prod/image/app"),
    ],
    "the registry's four levels": [
        ("user:helen", "container-registry.image.pull", f"{US}namespace/any/image/app"),
        ("user:helen", "container-registry.quota.get", f"{EU}service/container-registry"),
        ("user:grace", "container-registry.image.pull", f"{EU}namespace/prod/image/app"),
        ("user:alice", "container-registry.image.pull", f"{EU}namespace/shared/image/app"),
        ("user:carol", "container-registry.image.push", f"{EU}namespace/any/image/app"),
    ],
    "the five roles of the crypto service": [
        ("user:sven", "hs-crypto.instances.create", f"{PRODUCTION}instance/production"),
        ("user:sven", "iam.policy.create", f"{PRODUCTION}{KEY}"),
        ("user:sven", "hs-crypto.secrets.delete", f"{PRODUCTION}{KEY}"),
        ("user:kurt", "hs-crypto.tke.admin", f"{PRODUCTION}instance/production"),
        ("user:klara", "hs-crypto.tke.master-key-part", f"{PRODUCTION}instance/production"),
        ("user:uma", "hs-crypto.tke.admin", f"{PRODUCTION}instance/production"),
        ("user:uma", "hs-crypto.tke.master-key-part", f"{PRODUCTION}instance/production"),
        ("user:cem", "hs-crypto.mtlscert-admin-key.create", f"{PRODUCTION}instance/production"),
        ("user:erin", "hs-crypto.secrets.rotate", f"{PRODUCTION}key-ring/payments/key/k"),
    ],
    "roles that are assigned by name": [
        ("user:carol", "hs-crypto.secrets.purge", f"{DEVELOPMENT}{KEY}"),
        ("service-id:vmware", "hs-crypto.kmip.activate", f"{PRODUCTION}instance/production"),
    ],
    "a custom role and ReaderPlus": [
        ("service-id:rotation", "hs-crypto.secrets.rotate", f"{PRODUCTION}{KEY}"),
        ("user:rita", "hs-crypto.secrets.read", f"{DEVELOPMENT}{KEY}"),
    ],
    "the development team, the production team and everybody else": [
        ("user:dave", "hs-crypto.secrets.delete", f"{DEVELOPMENT}{KEY}"),
        ("user:dave", "hs-crypto.instances.delete", f"{DEVELOPMENT}instance/development"),
        ("user:olga", "hs-crypto.secrets.delete", f"{PRODUCTION}{KEY}"),
        ("user:alice", "hs-crypto.secrets.list", f"{DEVELOPMENT}key-ring/r"),
        ("user:alice", "hs-crypto.instances.read", f"{DEVELOPMENT}instance/development"),
    ],
    "the role Developer after the edit": [
        ("user:frank", "volume.Detach", f"{CLOUD}volume/v-17"),
        ("user:bob", "volume.Attach", f"{CLOUD}volume/v-17"),
        ("user:bob", "server.Terminate", f"{CLOUD}server/s-1"),
    ],
    "the right to make images, in my groups": [
        ("user:erik", "server.Image", f"{CLOUD}server/s-1"),
        ("user:jeff", "server.Image", f"{CLOUD}server/s-2"),
        ("user:greg", "server.Image", f"{CLOUD}server/s-2"),
        ("user:greg", "server.Image", f"{CLOUD}server/s-3"),
    ],
    "EPS FullAccess and ReadOnlyAccess at both levels": [
        ("user:carol", "eps:enterpriseProjects:create", "brn:acme:eps:::service/eps"),
        ("user:carol", "eps:resources:add", f"{PROJECT}prod"),
        ("user:dave", "eps:enterpriseProjects:update", f"{PROJECT}dev"),
        ("user:helen", "eps:users:list", "brn:acme:eps:::service/eps"),
        ("user:helen", "eps:enterpriseProjects:get", f"{PROJECT}prod"),
        ("user:erin", "eps:enterpriseProjects:get", f"{PROJECT}dev"),
        ("user:frank", "ims:images:delete", f"{EU_IMAGES}image/base"),
    ],
}
REFUSED: dict[str, list[Question]] = {
    "IMS ReadOnlyAccess for a group in one region": [
        ("user:alice", "ims:serverImages:create", f"{EU_IMAGES}service/ims"),
        ("user:alice", "ims:images:update", f"{EU_IMAGES}image/web-1"),
        ("user:alice", "ims:images:delete", f"{EU_IMAGES}image/web-1"),
        ("user:alice", "ims:images:get", f"{NL_IMAGES}image/web-1"),
        ("user:alice", "vpc:vpcs:list", "brn:acme:vpc:eu-de::vpc/v"),
        ("user:bob", "ims:images:get", f"{EU_IMAGES}image/web-1"),
    ],
    "a registry configured by its Manager": [
        ("user:carol", "container-registry.quota.set", f"{US}service/container-registry"),
    ],
    "a namespace used by Reader and Writer together": [
        ("user:ivan", "container-registry.namespace.create", f"{EU}service/container-registry"),
        ("service-id:ci", "container-registry.quota.get", f"{EU}service/container-registry"),
        ("service-id:ci", "container-registry.image.pull", f"{EU}namespace/prod/image/app"),
        ("service-id:deployer", "container-registry.image.push", f"{EU}namespace/prod/image/app"),
    ],
    "the registry's four levels": [
        ("user:helen", "container-registry.image.push", f"{EU}namespace/any/image/app"),
        ("user:grace", "container-registry.image.pull", f"{EU}namespace/dev/image/app"),
        ("user:grace", "container-registry.settings.get", f"{EU}service/container-registry"),
        ("user:bob", "container-registry.image.push", f"{EU}namespace/prod/image/app"),
    ],
    "the five roles of the crypto service": [
        ("user:kurt", "hs-crypto.tke.master-key-part", f"{PRODUCTION}instance/production"),
        ("user:klara", "hs-crypto.tke.admin", f"{PRODUCTION}instance/production"),
        ("user:cem", "hs-crypto.secrets.wrap", f"{PRODUCTION}{KEY}"),
        ("user:erin", "hs-crypto.secrets.rotate", f"{PRODUCTION}key-ring/other/key/k"),
        ("user:erin", "hs-crypto.secrets.delete", f"{PRODUCTION}key-ring/payments/key/k"),
    ],
    "roles that are assigned by name": [
        ("user:owner", "hs-crypto.secrets.purge", f"{DEVELOPMENT}{KEY}"),
        ("user:sven", "hs-crypto.secrets.purge", f"{DEVELOPMENT}{KEY}"),
        ("user:sven", "hs-crypto.kmip.activate", f"{PRODUCTION}instance/production"),
        ("user:carol", "hs-crypto.secrets.purge", f"{PRODUCTION}{KEY}"),
    ],
    "a custom role and ReaderPlus": [
        ("service-id:rotation", "hs-crypto.secrets.wrap", f"{PRODUCTION}{KEY}"),
        ("user:alice", "hs-crypto.secrets.read", f"{DEVELOPMENT}{KEY}"),
    ],
    "the development team, the production team and everybody else": [
        ("user:dave", "hs-crypto.secrets.list", f"{PRODUCTION}key-ring/r"),
        ("user:olga", "hs-crypto.secrets.delete", f"{DEVELOPMENT}{KEY}"),
        ("user:alice", "hs-crypto.secrets.create", f"{DEVELOPMENT}key-ring/r"),
        ("user:alice", "hs-crypto.secrets.list", f"{PRODUCTION}key-ring/r"),
    ],
    "the role Developer after the edit": [
        ("user:bob", "volume.Detach", f"{CLOUD}volume/v-17"),
        ("user:frank", "volume.ManageBilling", f"{CLOUD}volume/v-17"),
        ("user:frank", "network.Access", f"{CLOUD}network/n"),
    ],
    "the right to make images, in my groups": [
        ("user:erik", "server.Image", f"{CLOUD}server/s-2"),
        ("user:jeff", "server.Image", f"{CLOUD}server/s-3"),
    ],
    "EPS FullAccess and ReadOnlyAccess at both levels": [
        ("user:dave", "eps:enterpriseProjects:update", f"{PROJECT}prod"),
        ("user:dave", "iam.policy.create", f"{PROJECT}dev"),
        ("user:helen", "eps:enterpriseProjects:update", f"{PROJECT}prod"),
        ("user:erin", "eps:enterpriseProjects:get", f"{PROJECT}prod"),
        ("user:erin", "eps:users:list", "brn:acme:eps:::service/eps"),
        ("user:frank", "ims:images:delete", f"{EU_IMAGES}image/web-1"),
    ],
}


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The owner of an account that holds the sample company."""
    folder: Path = tmp_path_factory.mktemp("company")
    text = (files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8")
    with RunningServer(folder) as server:
        reply = server.owner().apply_text(text)
        assert reply.status == 200, reply.text
        yield server.owner()


@pytest.mark.parametrize("example", ALLOWED)
def test_the_company_holds_the_example(owner: Client, example: str) -> None:
    """What the example allows is allowed, what it refuses is refused."""
    answers = {question: reason_of(owner, question) for question in (*ALLOWED[example], *REFUSED[example])}
    assert [one for one in ALLOWED[example] if answers[one] != "allowed"] == []
    plainly = ("no_matching_policy", "explicit_deny")
    assert [(one, answers[one]) for one in REFUSED[example] if answers[one] not in plainly] == []


def reason_of(owner: Client, question: Question, **context: str) -> str:
    """For which reason is it allowed or refused?"""
    (kind, _, name), action, resource = question[0].partition(":"), question[1], question[2]
    service, last = resource.split(":")[2], resource.rsplit(":", 1)[1].split("/")[-2]
    asked = {
        "subject": {"type": kind, "id": name},
        "action": {"name": action},
        "resource": {"type": f"{service}/{last}", "id": resource},
        "context": context,
    }
    reply = owner.send("POST", "/access/v1/evaluation", asked)
    assert reply.status == 200, reply.text
    assert reply.json["decision"] == (reply.json["context"]["reason"] == "allowed")
    return str(reply.json["context"]["reason"])


def _may(owner: Client, question: Question) -> bool:
    return reason_of(owner, question) == "allowed"


@pytest.mark.parametrize(
    ("role", "servers"),
    [
        ("Imager of any", {"erik": "123", "jeff": "123", "greg": "123"}),
        ("Imager of my groups", {"erik": "1", "jeff": "12", "greg": "123"}),
        ("Imager of this group", {"erik": "1", "jeff": "1", "greg": "1"}),
        ("Imager of my budgets", {"erik": "12", "jeff": "12", "greg": "3"}),
        ("Imager of mine", {"erik": "1", "jeff": "2", "greg": "3"}),
    ],
)
def test_each_of_the_five_roles_shows_its_qualifier(
    owner: Client, role: str, servers: dict[str, str]
) -> None:
    """Given another of the roles, the group makes images of the servers that the qualifier means."""
    changed = owner.patch("policies", "qa-images-servers", body={"roles": [role]})
    assert changed.status == 200, changed.text
    found = {
        who: "".join(
            n for n in "123" if owner.is_allowed("server.Image", f"{CLOUD}server/s-{n}", f"user:{who}")
        )
        for who in servers
    }
    restored = owner.patch("policies", "qa-images-servers", body={"roles": ["Imager of my groups"]})
    assert restored.status == 200
    assert found == servers


def test_the_role_developer_before_the_edit_is_full_access(owner: Client) -> None:
    """With the role as it was, a developer does everything to every volume; the edit takes back what it says."""
    detach = ("user:bob", "volume.Detach", f"{CLOUD}volume/v-17")
    network = ("user:bob", "network.Delete", f"{CLOUD}network/n")
    assert not _may(owner, detach)
    before = owner.patch("policies", "developers-in-cloud", body={"roles": ["Developer before the edit"]})
    assert before.status == 200
    assert _may(owner, detach)
    assert _may(owner, network)
    assert owner.patch("policies", "developers-in-cloud", body={"roles": ["Developer"]}).status == 200
    assert not _may(owner, detach)
    assert not _may(owner, network)


def test_private_only_is_switched_on_and_binds_everybody(owner: Client) -> None:
    """With the guardrail on, images come over the private network alone, for the owner too; it is off at first."""
    pull = ("user:owner", "container-registry.image.pull", f"{EU}namespace/dev/image/app")

    def pulled(**context: str) -> bool:
        return reason_of(owner, pull, **context) == "allowed"

    assert pulled()
    assert owner.patch("guardrails", "registry-private-only", body={"state": "enabled"}).status == 200
    assert (pulled(), pulled(network="public"), pulled(network="private")) == (False, False, True)
    assert owner.patch("guardrails", "registry-private-only", body={"state": "disabled"}).status == 200
    assert pulled(network="public")
