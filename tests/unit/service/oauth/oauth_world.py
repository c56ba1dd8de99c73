"""An account with people, a service ID and applications, for the tests of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.unit.service.accounts import Installation, install
from tests.unit.service.people.world import Person, give_password

from bailiwick.authn.client_secrets import ShownClient
from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.oauth.clients import Client, authenticate_client, find_application
from bailiwick.service.oauth.families import FamilyTokens, begin_family
from bailiwick.service.oauth.family_roots import Root, root_of
from bailiwick.service.oauth.scopes import grant_scope
from bailiwick.service.oauth.secrets import rotate_secret
from bailiwick.service.people.visits import Visit
from bailiwick.service.sessions import Session

API = "https://api.example"
WORLD = """
kind: User
name: alice
---
kind: User
name: zoe
---
kind: ServiceId
name: portal
---
kind: ServiceId
name: relay
---
kind: Policy
name: pulls
subjects: [user:alice, service-id:portal]
roles: [Reader]
scope: {service: container-registry}
---
kind: Policy
name: alice
subjects: [user:alice]
roles: [Viewer]
scope: {service: iam}
---
kind: Application
name: web
type: confidential
redirect_uris: [https://app.example/callback]
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access, all]
audiences: [https://api.example]
access_token_seconds: 900
refresh_token_seconds: 36000
refresh_idle_seconds: 7200
---
kind: Application
name: desktop
type: public
redirect_uris: [http://127.0.0.1/callback]
grants: [authorization_code, refresh_token, device_code]
scopes: [openid, all]
---
kind: Application
name: portal
type: confidential
grants: [client_credentials, token_exchange]
acts_as: service-id:portal
scopes: [all]
audiences: [https://api.example]
---
kind: Application
name: relay
type: confidential
grants: [client_credentials, token_exchange]
acts_as: service-id:relay
scopes: [all]
audiences: [https://relay.example]
"""


@dataclass
class World:
    """The installation, and what the tests ask of it."""

    acme: Installation
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def host(self) -> Host:
        """Its host."""
        return self.acme.host

    def uid(self, name: str) -> str:
        """Which client id has this application?"""
        return self.host.snapshot("acme").identities["Application", name].uid

    def another_host(self) -> Host:
        """Another process of the installation."""
        return self.acme.another_host()

    def client(self, name: str) -> Client:
        """The application, not authenticated."""
        found = find_application(self.host, self.uid(name))
        assert found is not None
        return found

    def secret(self, name: str) -> str:
        """A new secret of this application."""
        return rotate_secret(self.host, self.acme.owner, name).text

    def authenticated(self, name: str) -> Client:
        """The application, with a secret of its own."""
        return authenticate_client(self.host, ShownClient(self.uid(name), self.secret(name)), "192.0.2.1")

    def family(self, name: str = "web", root: Root | None = None, *, audience: str = "") -> FamilyTokens:
        """A session of alice by her key, begun by this application."""
        client = self.client(name)
        scope = grant_scope(self.host.snapshot("acme"), client.application, ())
        root = root or root_of(self.acme.session("user:alice"), offline=True)
        return begin_family(self.host, client, root, scope=scope, audience=audience, refresh=True)

    def stands(self, token: str, host: Host | None = None) -> bool:
        """Does this access token stand now, in this process?"""
        return self.session(token, host) is not None

    def session(self, token: str, host: Host | None = None) -> Session | None:
        """Which session does this access token stand for now, if any?"""
        try:
            return (host or self.host).authenticator.session_of_token(token)
        except Unauthenticated:
            return None

    def visit(self, name: str = "alice") -> Visit:
        """A visit of this user, who gets a password at the first."""
        if name not in self.people:
            self.people[name] = give_password(self.acme, name)
        return self.people[name].sign_in()


def make_world() -> World:
    """An installation with the world above."""
    acme = install()
    acme.apply(WORLD)
    return World(acme)
