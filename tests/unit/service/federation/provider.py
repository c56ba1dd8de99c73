"""An identity provider that tests play, without a network: it checks what a provider checks, and can be told to lie."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.unit.authn.federation.signing import jwk_of, key_for, sign
from tests.unit.service.accounts import Installation

from bailiwick.errors import Unavailable
from bailiwick.service.federation.arriving import answer_of, arrive
from bailiwick.service.federation.asking import Answer, begin
from bailiwick.service.federation.directory import ProviderDirectory
from bailiwick.service.federation.fetching import Fetched, Fetcher
from bailiwick.service.federation.states import new_binding
from bailiwick.service.people.events import Client
from bailiwick.service.people.signing_in import CodeDue
from bailiwick.service.people.visits import Visit

ISSUER = "https://sso.example"
PROVIDER = f"""
kind: IdentityProvider
name: sso
issuer: {ISSUER}
client_id: bailiwick
"""
CLIENT = Client("203.0.113.7", "a browser")


@dataclass(frozen=True)
class Played(Fetcher):
    """The provider. `metadata`, `header` and `said` are added to what it would rightly say; None takes away."""

    acme: Installation | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[Mapping[str, str], tuple[str, str] | None]] = field(default_factory=list)
    kids: list[str] = field(default_factory=lambda: ["k"])
    down: list[bool] = field(default_factory=list)

    def get(self, url: str, *, bearer: str = "") -> Fetched:
        """What does it publish?"""
        self.asked.append(url)
        if self.down:
            raise Unavailable("the identity provider does not answer", "try again later")
        if url.endswith("/openid-configuration"):
            body = {
                "issuer": ISSUER,
                **{
                    name: f"{ISSUER}/{name}"
                    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
                },
                **self.metadata,
            }
            return Fetched(200, {name: value for name, value in body.items() if value is not None})
        if url.endswith("/jwks_uri"):
            return Fetched(200, {"keys": [jwk_of(key_for("RS256"), kid) for kid in self.kids]})
        assert url.endswith("/userinfo"), url
        return Fetched(200, self.userinfo) if bearer == "access" else Fetched(401, {})

    def post(self, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None) -> Fetched:
        """Which tokens are given for this code? Once, to whom it was issued, for the right proof key."""
        self.sent.append((form, basic))
        grant = self.codes.pop(form["code"], None)
        verifier = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if grant is None or (verifier, form["redirect_uri"]) != (grant["challenge"], grant["redirect_uri"]):
            return Fetched(400, {"error": "invalid_grant"})
        claims = {
            name: value for name, value in {**grant["claims"], **self.said}.items() if value is not None
        }
        token = sign(key_for("RS256"), "RS256", claims, **self.header)
        return Fetched(200, {"id_token": token, "access_token": "access", "token_type": "Bearer"})

    def issue(self, address: str, subject: str, claims: Mapping[str, object]) -> tuple[str, str]:
        """Who signs in there: which state and code does the browser take back?"""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert self.acme is not None
        now, code = int(self.acme.clock.seconds), f"code-{len(self.asked)}-{len(self.codes)}-{len(self.sent)}"
        said = {
            "iss": ISSUER,
            "aud": "bailiwick",
            "sub": subject,
            "nonce": query["nonce"],
            "iat": now,
            "exp": now + 60,
        }
        self.codes[code] = {
            "challenge": query["code_challenge"],
            "redirect_uri": query["redirect_uri"],
            "claims": {**said, **claims},
        }
        return query["state"], code


def play(acme: Installation, document: str = PROVIDER, **more: Any) -> Played:
    """The account believes a provider that is played."""
    acme.apply(document)
    played = Played(acme=acme, **more)
    acme.host.providers = ProviderDirectory(played, acme.host.now)
    return played


@dataclass
class Browser:
    """Whose cookie and way through the provider."""

    acme: Installation
    played: Played
    binding: str = field(default_factory=lambda: new_binding(""))

    def go(self, provider: str = "sso", **more: Any) -> str:
        """Where is it sent?"""
        return begin(self.acme.host, "acme", provider, self.binding, CLIENT, **more)

    def answer(self, subject: str = "s-1", /, **claims: object) -> Answer:
        """What does it bring back, when this subject signs in there?"""
        state, code = self.played.issue(self.go(), subject, claims)
        return Answer("acme", "sso", state, code, "", None)

    def bring(self, answer: Answer) -> Visit | CodeDue:
        """What becomes of it?"""
        host = self.acme.host
        return arrive(host, answer_of(host, answer, self.binding, CLIENT), CLIENT)

    def sign_in(self, subject: str = "s-1", /, **claims: object) -> Visit:
        """The visit that begins."""
        arrived = self.bring(self.answer(subject, **claims))
        assert isinstance(arrived, Visit)
        return arrived
