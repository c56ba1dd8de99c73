"""Attacks on access tokens: each is a token that some other verifier has believed, and this one must not.

Where it matters the forged token is signed by the true key, so nothing but the attacked check refuses it.
Source: RFC 8725; CVE-2015-9235, CVE-2018-0114, CVE-2022-21449, CVE-2022-29217, CVE-2024-33663.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authn.compact import MAX_TOKEN_CHARACTERS, Signer, TokenFault, TokenRefused
from bailiwick.authn.registry import issue_registry_token
from bailiwick.authn.signing import KeyPurpose, KeySet, generate_signing_key, start_key_set
from bailiwick.authn.tokens import TokenParties, TokenVerifier

SECOND = 1_795_176_000
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Members = dict[str, object]


class Forge:
    """Makes tokens of any header and payload, signed by the true key or by whatever a test brings."""

    def __init__(self, keys: KeySet, verifier: TokenVerifier) -> None:
        self.verifier = verifier
        self.kid = keys.current().kid
        pem = keys.current().private_pem
        assert pem is not None
        private_key = load_pem_private_key(pem.encode(), None)
        assert isinstance(private_key, ec.EllipticCurvePrivateKey)
        self.private_key = private_key

    def header(self, **members: object) -> Members:
        """A true header with some members changed."""
        return {"alg": "ES256", "kid": self.kid, "typ": "at+jwt"} | members

    def claims(self, **members: object) -> Members:
        """True claims with some members changed."""
        return {
            "iss": "https://iam.acme.example",
            "aud": "bailiwick",
            "sub": "u-1",
            "account": "acme",
            "principal": "user:alice",
            "cred": "key-1",
            "grant_type": "refresh_token",
            "iat": SECOND,
            "nbf": SECOND,
            "exp": SECOND + 900,
            "jti": "t-1",
        } | members

    def sign(self, header: Members | bytes, payload: Members | bytes) -> str:
        """A token with the true key's signature over exactly these bytes."""
        body = f"{segment(header)}.{segment(payload)}"
        return f"{body}.{encode(raw_signature(self.private_key, body))}"

    def fault_of(self, text: str, at: int = SECOND) -> TokenFault | None:
        """Which fault does the verifier find, and does its message keep the token to itself?"""
        refused: TokenRefused | None = None
        try:
            self.verifier.verify(text, datetime.fromtimestamp(at, UTC))
        except TokenRefused as caught:
            refused = caught
        assert not any(part in str(refused) for part in text.split(".") if len(part) > 8)
        return refused.fault if refused else None


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(part: Members | bytes) -> str:
    """One part of a compact token."""
    return encode(part if isinstance(part, bytes) else json.dumps(part).encode())


def raw_signature(private_key: ec.EllipticCurvePrivateKey, body: str) -> bytes:
    """The 64 bytes of an ES256 signature, its s low."""
    r, s = decode_dss_signature(private_key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    s = min(s, ORDER_OF_P256 - s)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.fixture(scope="module")
def forge(access_keys: KeySet, verifier: TokenVerifier) -> Forge:
    """A forge that knows the true key."""
    return Forge(access_keys, verifier)


def test_the_forge_makes_believable_tokens(forge: Forge) -> None:
    """Without an attack the forged token is believed, so the refusals below mean something."""
    assert forge.fault_of(forge.sign(forge.header(), forge.claims())) is None


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, True, ["ES256"], "es256"])
@pytest.mark.parametrize("signed", [True, False])
def test_an_unsigned_token_is_refused(alg: object, signed: bool, forge: Forge) -> None:
    """No spelling of `none` turns the check off, with or without a signature beside it."""
    text = forge.sign(forge.header(alg=alg), forge.claims())
    if not signed:
        text = text.rpartition(".")[0] + "."
    assert forge.fault_of(text) is (TokenFault.ALGORITHM if signed else TokenFault.MALFORMED)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_the_public_key_is_no_shared_secret(alg: str, forge: Forge) -> None:
    """A MAC keyed with any public form of the key, or with nothing, is refused for its algorithm."""
    public_key = forge.private_key.public_key()
    secrets = [b"", forge.kid.encode()] + [
        public_key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        for encoding in (Encoding.PEM, Encoding.DER)
    ]
    body = f"{segment(forge.header(alg=alg))}.{segment(forge.claims())}"
    for secret in secrets:
        mac = hmac.new(secret, body.encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()
        for signature in (mac, mac[:32] * 2):
            expected = TokenFault.ALGORITHM if len(signature) == 64 else TokenFault.MALFORMED
            assert forge.fault_of(f"{body}.{encode(signature)}") is expected


@pytest.mark.parametrize("alg", ["ES384", "ES512", "ES256K", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_another_algorithm_is_refused(alg: str, forge: Forge) -> None:
    """The algorithm is the verifier's choice and never the token's."""
    assert forge.fault_of(forge.sign(forge.header(alg=alg), forge.claims())) is TokenFault.ALGORITHM


def test_the_key_of_an_attacker_is_refused(forge: Forge) -> None:
    """A well-made signature by another key under the true `kid` does not fit."""
    body = f"{segment(forge.header())}.{segment(forge.claims())}"
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert forge.fault_of(f"{body}.{encode(raw_signature(stranger, body))}") is TokenFault.SIGNATURE


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (1, 1), (ORDER_OF_P256, ORDER_OF_P256), (2**256 - 1, 2**256 - 1)]
)
def test_a_signature_of_edge_numbers_is_refused(r: int, s: int, forge: Forge) -> None:
    """Zeros, ones and the curve's order are signatures of nothing."""
    body = f"{segment(forge.header())}.{segment(forge.claims())}"
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert forge.fault_of(f"{body}.{encode(signature)}") is TokenFault.SIGNATURE


def test_a_der_signature_is_refused(forge: Forge) -> None:
    """A signature has one form, 64 bytes."""
    body = f"{segment(forge.header())}.{segment(forge.claims())}"
    der = forge.private_key.sign(body.encode(), ec.ECDSA(hashes.SHA256()))
    assert forge.fault_of(f"{body}.{encode(der)}") is TokenFault.MALFORMED


@pytest.mark.parametrize(
    "kid", ["", "../../dev/null", "' OR '1'='1", "/etc/hosts", "\x00", "a" * 4000, "http://evil.example/key"]
)
def test_a_kid_is_looked_up_and_nothing_else(kid: str, forge: Forge) -> None:
    """A `kid` that is no key's name finds no key; it is no path, address or query."""
    assert forge.fault_of(forge.sign(forge.header(kid=kid), forge.claims())) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize("kid", [None, 1, True, ["a"], {"kid": "a"}])
def test_a_kid_that_is_no_text_is_refused(kid: object, forge: Forge) -> None:
    """A `kid` of another type never reaches the key set."""
    assert forge.fault_of(forge.sign(forge.header(kid=kid), forge.claims())) is TokenFault.HEADER


def test_a_kid_in_another_spelling_finds_no_key(forge: Forge) -> None:
    """Lower case, added spaces and missing colons are other names."""
    for kid in (forge.kid.lower(), f" {forge.kid}", forge.kid.replace(":", ""), forge.kid + "\n"):
        assert forge.fault_of(forge.sign(forge.header(kid=kid), forge.claims())) is TokenFault.UNKNOWN_KEY


def test_the_name_of_the_other_trusted_key_does_not_help(forge: Forge, access_keys: KeySet) -> None:
    """A token signed by one key of the set under the name of another is refused."""
    other = access_keys.find_next()
    assert other is not None
    text = forge.sign(forge.header(kid=other.kid), forge.claims())
    assert forge.fault_of(text) is TokenFault.SIGNATURE


@pytest.mark.parametrize(
    "field", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "cty", "enc", "Alg", "xyz"]
)
@pytest.mark.parametrize("value", ["http://127.0.0.1/keys", [], {}, None, False, ["exp"]])
def test_a_header_that_brings_a_key_or_an_order_is_refused(field: str, value: object, forge: Forge) -> None:
    """Though truly signed, a token with any further header field is refused before its signature is read."""
    text = forge.sign(forge.header(**{field: value}), forge.claims())
    assert forge.fault_of(text) is TokenFault.HEADER


def test_a_key_inside_the_token_is_not_used(forge: Forge) -> None:
    """A token signed by the very key that it carries convinces nobody."""
    stranger = generate_signing_key(KeyPurpose.ACCESS, datetime.fromtimestamp(SECOND, UTC))
    pem = stranger.private_pem
    assert pem is not None
    private_key = load_pem_private_key(pem.encode(), None)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    jwk = stranger.public_jwk.as_json(stranger.kid)
    body = f"{segment(forge.header(kid=stranger.kid, jwk=jwk))}.{segment(forge.claims())}"
    assert forge.fault_of(f"{body}.{encode(raw_signature(private_key, body))}") is TokenFault.HEADER


AUDIENCES = ["", "Bailiwick", "bailiwick ", "bailiwic", "bailiwick2", "reg-svc", "*", "bailiwick\x00"]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_token_for_another_audience_is_refused(audience: str, forge: Forge) -> None:
    """The audience is one exact text."""
    fault = forge.fault_of(forge.sign(forge.header(), forge.claims(aud=audience)))
    assert fault is (TokenFault.AUDIENCE if audience else TokenFault.CLAIMS)


@pytest.mark.parametrize(
    "issuer", ["https://iam.acme.example/", "http://iam.acme.example", "HTTPS://IAM.ACME.EXAMPLE", "x"]
)
def test_a_token_of_another_issuer_is_refused(issuer: str, forge: Forge) -> None:
    """The issuer is one exact text; a trailing slash makes another."""
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(iss=issuer))) is TokenFault.ISSUER


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "account", "principal", "cred", "grant_type", "jti"])
@pytest.mark.parametrize("value", ["", None, 0, True, ["bailiwick"], {"bailiwick": 1}])
def test_a_text_claim_of_another_type_is_refused(name: str, value: object, forge: Forge) -> None:
    """A list that holds the right audience is no audience, and nothing stands for a name but a text."""
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(**{name: value}))) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    "name", ["iss", "aud", "sub", "account", "principal", "cred", "iat", "nbf", "exp", "jti"]
)
def test_a_missing_claim_is_refused(name: str, forge: Forge) -> None:
    """Leaving a claim out never turns its check off."""
    claims = forge.claims()
    del claims[name]
    assert forge.fault_of(forge.sign(forge.header(), claims)) is TokenFault.CLAIMS


@pytest.mark.parametrize("name", ["iat", "nbf", "exp"])
@pytest.mark.parametrize(
    "value",
    [True, False, None, "1795176000", 1795176000.0, 1.5, -1, 2**63, 10**400, [SECOND], {"exp": SECOND}],
)
def test_a_time_that_is_no_whole_second_is_refused(name: str, value: object, forge: Forge) -> None:
    """A bool is no number, nor is a text or a fraction, and the year 10000 does not come."""
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(**{name: value}))) is TokenFault.CLAIMS


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "-Infinity", "1795176900e0", "9" * 5000])
def test_a_time_beyond_json_is_refused(number: str, forge: Forge) -> None:
    """Numbers that overflow, or are none, neither crash nor last for ever."""
    payload = json.dumps(forge.claims(exp="EXP")).replace('"EXP"', number).encode()
    assert forge.fault_of(forge.sign(forge.header(), payload)) is TokenFault.CLAIMS


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_word_that_is_no_json_is_refused_anywhere(word: str, forge: Forge) -> None:
    """Even in a claim that nobody reads, what only some readers take is refused."""
    payload = json.dumps(forge.claims())[:-1] + f',"other":{word}}}'
    assert forge.fault_of(forge.sign(forge.header(), payload.encode())) is TokenFault.CLAIMS


def test_an_expired_token_is_refused(forge: Forge) -> None:
    """A token is refused at its `exp` and ever after."""
    text = forge.sign(forge.header(), forge.claims(exp=SECOND + 1))
    assert [forge.fault_of(text, at) for at in (SECOND, SECOND + 1, SECOND + 10**6)] == [
        None,
        TokenFault.EXPIRED,
        TokenFault.EXPIRED,
    ]


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(name: str, forge: Forge) -> None:
    """Neither its issue nor its beginning may lie ahead."""
    text = forge.sign(forge.header(), forge.claims(**{name: SECOND + 1}))
    assert forge.fault_of(text) is TokenFault.NOT_YET_VALID


def test_a_token_that_lives_too_long_is_refused(forge: Forge) -> None:
    """An hour is the most, even for a token that is truly signed."""
    for lifetime, fault in ((3600, None), (3601, TokenFault.LIFETIME), (10**9, TokenFault.LIFETIME)):
        assert forge.fault_of(forge.sign(forge.header(), forge.claims(exp=SECOND + lifetime))) is fault


def test_no_changed_character_is_believed(forge: Forge) -> None:
    """Whatever character of a token is changed, header, payload or signature, it is refused."""
    text = forge.sign(forge.header(), forge.claims())
    for at, was in enumerate(text):
        for other in "AQgw_." if at > len(text) - 3 else "Aw":
            if other != was:
                assert forge.fault_of(text[:at] + other + text[at + 1 :]) is not None, (at, other)


def test_no_flipped_bit_of_a_signature_is_believed(forge: Forge) -> None:
    """Each of the 512 bits counts."""
    body, _, _ = forge.sign(forge.header(), forge.claims()).rpartition(".")
    signature = int.from_bytes(raw_signature(forge.private_key, body), "big")
    for bit in range(512):
        flipped = (signature ^ (1 << bit)).to_bytes(64, "big")
        assert forge.fault_of(f"{body}.{encode(flipped)}") is TokenFault.SIGNATURE, bit


def test_a_swapped_payload_is_refused(forge: Forge) -> None:
    """The signature of one token does not carry the claims of another."""
    mine = forge.sign(forge.header(), forge.claims()).split(".")
    theirs = forge.sign(forge.header(), forge.claims(sub="u-2", principal="user:root")).split(".")
    assert forge.fault_of(f"{mine[0]}.{theirs[1]}.{mine[2]}") is TokenFault.SIGNATURE


def test_a_second_spelling_of_the_same_bytes_is_refused(forge: Forge) -> None:
    """Unused bits, padding, the other alphabet and line ends give no second text of one token."""
    text = forge.sign(forge.header(), forge.claims())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(text[-1])
    spellings = [text[:-1] + alphabet[last | unused] for unused in range(1, 16)]
    spellings += [
        text + "=",
        text + "==",
        text + "\n",
        " " + text,
        text.replace(".", "=.", 1),
        f"Bearer {text}",
    ]
    assert {forge.fault_of(spelling) for spelling in spellings} == {TokenFault.MALFORMED}


@pytest.mark.parametrize("parts", [0, 1, 2, 4, 5])
def test_another_number_of_parts_is_refused(parts: int, forge: Forge) -> None:
    """Only a compact signed token has three parts; an encrypted one has five."""
    text = ".".join([forge.sign(forge.header(), forge.claims()).split(".")[2]] * parts)
    assert forge.fault_of(text) is TokenFault.MALFORMED


def test_a_token_in_json_form_is_refused(forge: Forge) -> None:
    """The flattened form of the same signature is no bearer token."""
    protected, payload, signature = forge.sign(forge.header(), forge.claims()).split(".")
    flattened = json.dumps({"protected": protected, "payload": payload, "signature": signature})
    assert forge.fault_of(flattened) is TokenFault.MALFORMED


def test_an_oversized_token_is_refused_unread(forge: Forge) -> None:
    """A truly signed token beyond the bound is refused for its size alone; one at the bound is read."""
    text = forge.sign(forge.header(), forge.claims(pad="a" * MAX_TOKEN_CHARACTERS))
    assert forge.fault_of(text) is TokenFault.TOO_LARGE
    room = MAX_TOKEN_CHARACTERS - len(forge.sign(forge.header(), forge.claims(pad="")))
    largest = forge.sign(forge.header(), forge.claims(pad="a" * (room * 3 // 4)))
    assert MAX_TOKEN_CHARACTERS - 4 < len(largest) <= MAX_TOKEN_CHARACTERS
    assert forge.fault_of(largest) is None
    assert forge.fault_of("a" * 10**7) is TokenFault.TOO_LARGE


@pytest.mark.parametrize("name", ["sub", "exp", "aud", "principal"])
def test_a_claim_given_twice_is_refused(name: str, forge: Forge) -> None:
    """Two readers could take two different values, so neither is taken."""
    payload = json.dumps(forge.claims())[:-1] + f',"{name}":"user:root"}}'
    assert forge.fault_of(forge.sign(forge.header(), payload.encode())) is TokenFault.CLAIMS


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_header_field_given_twice_is_refused(name: str, forge: Forge) -> None:
    """Once `none` and once ES256 is not ES256."""
    truth = json.dumps(forge.header())
    for header in (f'{{"{name}":"none",' + truth[1:], truth[:-1] + f',"{name}":"none"}}'):
        assert forge.fault_of(forge.sign(header.encode(), forge.claims())) is TokenFault.HEADER


def test_a_name_given_twice_inside_a_claim_is_refused(forge: Forge) -> None:
    """Depth hides nothing."""
    payload = json.dumps(forge.claims())[:-1] + ',"act":{"sub":"a","sub":"b","principal":"user:a"}}'
    assert forge.fault_of(forge.sign(forge.header(), payload.encode())) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    "payload", [b"[]", b"null", b"1", b'"a"', b"{", b"\xff{}", b"\xef\xbb\xbf{}", b"[" * 5000]
)
def test_a_payload_that_is_no_object_is_refused(payload: bytes, forge: Forge) -> None:
    """Broken, nested and other JSON is refused, truly signed or not."""
    assert forge.fault_of(forge.sign(forge.header(), payload)) is TokenFault.CLAIMS
    assert forge.fault_of(forge.sign(payload, forge.claims())) is TokenFault.HEADER


@pytest.mark.parametrize(
    "token_type", ["JWT", "jwt", "application/at+jwt", "AT+JWT", "at+jwt ", "logout+jwt"]
)
def test_a_token_of_another_type_is_refused(token_type: str, forge: Forge) -> None:
    """An identity or logout token by the same key is no access token."""
    assert forge.fault_of(forge.sign(forge.header(typ=token_type), forge.claims())) is TokenFault.TYPE


def test_a_registry_token_is_no_access_token(forge: Forge, registry_keys: KeySet, now: datetime) -> None:
    """Even with the issuer and audience of access tokens, its type and its key are wrong."""
    parties = TokenParties(issuer="https://iam.acme.example", audience="bailiwick")
    signer = Signer(registry_keys.current())
    text = issue_registry_token(
        [], parties=parties, signer=signer, subject="user:alice", now=now, jti="r"
    ).text
    assert forge.fault_of(text) is TokenFault.TYPE
    text = forge.sign(forge.header(kid=signer.kid), forge.claims())
    assert forge.fault_of(text) is TokenFault.UNKNOWN_KEY


def test_a_token_of_another_installation_is_refused(
    forge: Forge, parties: TokenParties, now: datetime
) -> None:
    """Two installations with the same names and other keys do not believe each other."""
    other = start_key_set([generate_signing_key(KeyPurpose.ACCESS, now)], now)
    with pytest.raises(TokenRefused) as caught:
        TokenVerifier(parties, other).verify(forge.sign(forge.header(), forge.claims()), now)
    assert caught.value.fault is TokenFault.UNKNOWN_KEY


LINK: Members = {"account": "a", "sub": "u", "principal": "user:a", "cred": "k"}
BROKEN_LINKS: list[object] = [
    None,
    "user:root",
    {},
    [],
    ["user:root"],
    [{}],
    [{**LINK, "sub": 1}],
    [{name: value for name, value in LINK.items() if name != "cred"}],
    [{**LINK, "by": [LINK]}],
    [{**LINK, "by": []}],
    [{**LINK, "sids": "s"}],
    [{**LINK, "sids": [1]}],
    [{**LINK, "ctx": []}],
    [{**LINK, "ctx": {"ip": ["10.0.0.1"]}}],
]


@pytest.mark.parametrize("claim", ["by", "for"])
@pytest.mark.parametrize("links", BROKEN_LINKS)
def test_broken_links_are_refused(claim: str, links: object, forge: Forge) -> None:
    """A `by` or `for` that names nobody, or nobody who can be asked about, is not taken for none at all."""
    claims = forge.claims(**{claim: links})
    assert forge.fault_of(forge.sign(forge.header(), claims)) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    "more", [{"act": {"sub": "a"}}, {"act": None}, {"restrict": {}}, {"restrict": ["*"]}]
)
def test_what_narrows_a_token_is_never_passed_over(more: Members, forge: Forge) -> None:
    """An actor in another system's words, and restrictions that are none, refuse the token."""
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(**more))) is TokenFault.CLAIMS


def test_links_that_are_too_many_are_refused(forge: Forge) -> None:
    """A token goes through sixteen others, side by side or one after the other, and no more."""
    beside = [LINK] * 16
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(by=beside))) is None
    for more in ({"by": [*beside, LINK]}, {"by": beside, "for": [LINK]}):
        assert forge.fault_of(forge.sign(forge.header(), forge.claims(**more))) is TokenFault.CLAIMS
    deep = LINK
    for _ in range(15):
        deep = {"account": "a", "sub": "u", "principal": "profile:a", "by": [deep]}
    assert forge.fault_of(forge.sign(forge.header(), forge.claims(by=[deep]))) is None
    for _ in range(60):
        deep = {"account": "a", "sub": "u", "principal": "profile:a", "by": [deep]}
        assert forge.fault_of(forge.sign(forge.header(), forge.claims(by=[deep]))) is TokenFault.CLAIMS


def test_a_naive_time_verifies_nothing(forge: Forge) -> None:
    """A verifier that is given no real instant raises instead of guessing a zone."""
    with pytest.raises(ValueError, match=r"^`now` needs an offset from UTC"):
        forge.verifier.verify(
            forge.sign(forge.header(), forge.claims()),
            datetime.fromtimestamp(SECOND, UTC).replace(tzinfo=None),
        )


@given(text=st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,20}\.[A-Za-z0-9_-]{1,20}\.[A-Za-z0-9_-]{86}"))
def test_no_text_crashes_the_verifier(verifier: TokenVerifier, text: str) -> None:
    """Any text is refused as a token, by the one error that says so."""
    with pytest.raises(TokenRefused):
        verifier.verify(text, datetime(2026, 11, 20, tzinfo=UTC))


@given(payload=st.binary(max_size=200), header=st.binary(max_size=200))
def test_no_signed_bytes_crash_the_verifier(forge: Forge, payload: bytes, header: bytes) -> None:
    """Random bytes under a true signature are refused for what they are, and crash nothing."""
    refusals = {TokenFault.MALFORMED, TokenFault.HEADER, TokenFault.ALGORITHM, TokenFault.CLAIMS}
    assert forge.fault_of(forge.sign(forge.header(), payload)) in refusals
    assert forge.fault_of(forge.sign(header, forge.claims())) in refusals


def test_a_token_has_no_second_signature(forge: Forge) -> None:
    """The same signature with n - s for s fits the key as well, and is refused."""
    body = f"{segment(forge.header())}.{segment(forge.claims())}"
    signature = raw_signature(forge.private_key, body)
    s = int.from_bytes(signature[32:])
    other = signature[:32] + (ORDER_OF_P256 - s).to_bytes(32)
    assert forge.fault_of(f"{body}.{encode(signature)}") is None
    assert forge.fault_of(f"{body}.{encode(other)}") is TokenFault.SIGNATURE
