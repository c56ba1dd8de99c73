"""What an AuthZEN request says, as values: strict about types, silent about fields that nobody asked for.

Source: OpenID AuthZEN, Authorization API 1.0 (January 2026), information model and evaluations.
It must not know accounts or decide anything; limits of size, nesting and number are kept here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Literal, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from bailiwick.api.doubled_names import refuse_doubled_names
from bailiwick.api.problems import BodyTooLarge
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Property

MAX_BODY_BYTES = 1 << 20
MAX_NESTING = 32
MAX_EVALUATIONS = 1000
MAX_NUMBER_BITS = 64
MAX_TEXT_CHARACTERS = 16_384

EXECUTE_ALL = "execute_all"
DENY_ON_FIRST_DENY = "deny_on_first_deny"
PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"
Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class SubjectBody(Struct, gc=False, omit_defaults=True):
    """Who is asked about? `type` is a principal's kind, `id` its exact name."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class ActionBody(Struct, gc=False, omit_defaults=True):
    """What would be done?"""

    name: str
    properties: dict[str, Any] = {}


class ResourceBody(Struct, gc=False, omit_defaults=True):
    """To what would it be done?"""

    type: str
    id: str
    properties: dict[str, Any] = {}


class EvaluationBody(Struct, gc=False, omit_defaults=True):
    """One complete question."""

    subject: SubjectBody
    action: ActionBody
    resource: ResourceBody
    context: dict[str, Any] = {}


class PartBody(Struct, gc=False):
    """One question of several; what is not said is taken from the defaults, whole."""

    subject: SubjectBody | UnsetType = UNSET
    action: ActionBody | UnsetType = UNSET
    resource: ResourceBody | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET


class PieceBody(Struct, gc=False):
    """A part of an entity: what is missing is taken from the default entity, but never its properties."""

    type: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    properties: dict[str, Any] = {}


class PiecesBody(Struct, gc=False):
    """One question of several, or the defaults, whose entities may lack what the others give."""

    subject: PieceBody | UnsetType = UNSET
    action: PieceBody | UnsetType = UNSET
    resource: PieceBody | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET


class OptionsBody(Struct, frozen=True, gc=False):
    """How is a list of questions worked off?"""

    evaluations_semantic: Semantic = "execute_all"


class EvaluationsBody(PartBody, gc=False):
    """Defaults, and the questions that use them."""

    evaluations: list[Raw] = []
    options: OptionsBody = OptionsBody()


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class PiecedEvaluationsBody(PiecesBody, gc=False):
    """Defaults that are not whole entities, and the questions that make them so."""

    evaluations: list[Raw] = []
    options: OptionsBody = OptionsBody()


TOKEN = "token"  # noqa: S105 - the name of a field
_EVALUATION = msgspec.json.Decoder(EvaluationBody)
_EVALUATIONS = msgspec.json.Decoder(EvaluationsBody)
_PART = msgspec.json.Decoder(PartBody)
_PIECES = msgspec.json.Decoder(PiecesBody)
_PIECED_EVALUATIONS = msgspec.json.Decoder(PiecedEvaluationsBody)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_PLACE = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)
_WORDS = (
    ("`object`", "an object"),
    ("`array`", "a list"),
    ("`str`", "text"),
    ("`int`", "a number"),
    ("`float`", "a number"),
    ("`bool`", "true or false"),
    ("`null`", "null"),
)
_REQUIRED = ("subject", "action", "resource")


def parse_evaluation(body: bytes) -> EvaluationBody:
    """Which question does this body ask? Raises Invalid."""
    check_body(body)
    try:
        asked = _EVALUATION.decode(body)
    except (msgspec.DecodeError, ValueError) as error:
        raise _invalid(error) from None
    refuse_doubled_names(body, _encode(asked))
    return asked


def parse_evaluations(body: bytes) -> EvaluationsBody | PiecedEvaluationsBody:
    """Which questions does this body ask? The single ones are not yet read. Raises Invalid."""
    check_body(body)
    asked = _decode_evaluations(body)
    refuse_doubled_names(body, _plain(body))
    if len(asked.evaluations) > MAX_EVALUATIONS:
        raise Invalid.at(
            "evaluations",
            f"expected at most {MAX_EVALUATIONS} evaluations, got {len(asked.evaluations)}",
            "send several requests",
        )
    return asked


class PageBody(Struct, frozen=True, gc=False):
    """Which page of a search is wanted? `limit`: at most so many results."""

    token: str = ""
    limit: int | UnsetType = UNSET
    properties: dict[str, Any] = {}


class SubjectsSoughtBody(Struct, gc=False):
    """Which subjects are searched? An id is not looked at."""

    type: str
    properties: dict[str, Any] = {}


class ResourcesSoughtBody(Struct, gc=False):
    """Which resources are searched? An id is not looked at."""

    type: str
    properties: dict[str, Any] = {}


class SubjectSearchBody(Struct, gc=False):
    """Who may do this to that?"""

    subject: SubjectsSoughtBody
    action: ActionBody
    resource: ResourceBody
    context: dict[str, Any] = {}
    page: PageBody = PageBody()


class ResourceSearchBody(Struct, gc=False):
    """To what may this subject do this?"""

    subject: SubjectBody
    action: ActionBody
    resource: ResourcesSoughtBody
    context: dict[str, Any] = {}
    page: PageBody = PageBody()


class ActionSearchBody(Struct, gc=False):
    """What may this subject do to that?"""

    subject: SubjectBody
    resource: ResourceBody
    context: dict[str, Any] = {}
    page: PageBody = PageBody()


SearchBody = TypeVar("SearchBody", SubjectSearchBody, ResourceSearchBody, ActionSearchBody)


def parse_search(body: bytes, kind: type[SearchBody]) -> SearchBody:
    """Which search does this body ask for? Raises Invalid."""
    check_body(body)
    try:
        asked = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise _invalid(error) from None
    refuse_doubled_names(body, _plain(body))
    return asked


def _decode_evaluations(body: bytes) -> EvaluationsBody | PiecedEvaluationsBody:
    """Which defaults and questions are there? Defaults may be pieces where there are questions to complete them."""
    try:
        return _EVALUATIONS.decode(body)
    except (msgspec.DecodeError, ValueError) as error:
        wrong = _invalid(error)
    try:
        pieced = _PIECED_EVALUATIONS.decode(body)
    except (msgspec.DecodeError, ValueError):
        raise wrong from None
    if not pieced.evaluations:
        raise wrong from None
    return pieced


def parse_part(raw: Raw, defaults: PartBody | PiecesBody, place: str) -> EvaluationBody:
    """Which question is this one of several, with the defaults? Raises Invalid."""
    part = _decode_part(raw, defaults, place)
    subject = defaults.subject if part.subject is UNSET else part.subject
    action = defaults.action if part.action is UNSET else part.action
    resource = defaults.resource if part.resource is UNSET else part.resource
    context = defaults.context if part.context is UNSET else part.context
    if subject is UNSET or action is UNSET or resource is UNSET:
        missing = next(
            name for name, value in zip(_REQUIRED, (subject, action, resource), strict=True) if value is UNSET
        )
        raise Invalid.at(f"{place}.{missing}", f"expected `{missing}`, got nothing")
    if isinstance(subject, PieceBody):
        subject = SubjectBody(*_whole(subject, defaults.subject, f"{place}.subject", ("type", "id")))
    if isinstance(action, PieceBody):
        action = ActionBody(*_whole(action, defaults.action, f"{place}.action", ("name",)))
    if isinstance(resource, PieceBody):
        resource = ResourceBody(*_whole(resource, defaults.resource, f"{place}.resource", ("type", "id")))
    return EvaluationBody(subject, action, resource, {} if context is UNSET else context)


def _decode_part(raw: Raw, defaults: PartBody | PiecesBody, place: str) -> PartBody | PiecesBody:
    """What does this one of several questions say? Entities may be pieces only where defaults are."""
    try:
        return _PART.decode(raw)
    except (msgspec.DecodeError, ValueError) as error:
        wrong = _invalid(error, place)
    if isinstance(defaults, PartBody):
        raise wrong from None
    try:
        return _PIECES.decode(raw)
    except (msgspec.DecodeError, ValueError):
        raise wrong from None


def _whole(piece: PieceBody, default: object, place: str, fields: tuple[str, ...]) -> Iterator[Any]:
    """Which fields has the entity: its own, else those of a default that is a piece? Properties are its own alone.

    SECURITY: a default that is whole is replaced whole, so a question that forgets its id is not asked about another.
    Source: OpenID AuthZEN, Authorization API 1.0, certification scenario, default values in a batch. Raises Invalid.
    """
    lends = isinstance(default, PieceBody) and any(getattr(default, name) is UNSET for name in fields)
    for name in fields:
        value = getattr(piece, name)
        if value is UNSET and lends:
            value = getattr(default, name)
        if value is UNSET:
            raise Invalid.at(place, f"expected `{name}`, got nothing")
        yield value
    yield piece.properties


def _plain(body: bytes) -> bytes:
    """What does the body hold, as JSON again? Nothing where one of its questions cannot be read: it fails alone."""
    try:
        return _encode(_decode(body))
    except (msgspec.DecodeError, ValueError):
        return b""


def said(properties: dict[str, Any], place: str) -> Mapping[str, Property]:
    """What do these properties say? A null says nothing; texts and numbers have a limit. Raises Invalid.

    SECURITY: a token that nobody judges is refused, for whoever sends it means its session's limits to count (22.9).
    """
    if TOKEN in properties and place == "context":
        raise Invalid.at(
            "context.token", "a token is judged by the evaluation endpoints only", "ask with the token itself"
        )
    for value in properties.values():
        if isinstance(value, str):
            if len(value) <= MAX_TEXT_CHARACTERS:
                continue
        elif isinstance(value, bool):
            continue
        return cast("Mapping[str, Property]", _cleaned(properties, place))
    return properties


def check_body(body: bytes) -> None:
    """Is it a body that may be read at all: there, not too long, UTF-8, not nested too deeply?

    Raises Invalid, BodyTooLarge.
    """
    if not body:
        raise Invalid.at("", "expected a JSON object, got an empty body")
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(MAX_BODY_BYTES)
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise Invalid.at("", f"expected UTF-8, got something else at byte {error.start}") from None
    if _is_deep(body):
        raise Invalid.at("", f"expected at most {MAX_NESTING} levels of nesting, got more")


def _is_deep(body: bytes) -> bool:
    """Are more than MAX_NESTING brackets open anywhere outside of strings? Few brackets cannot be."""
    if body.count(b"{") + body.count(b"[") <= MAX_NESTING:
        return False
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(body.split(b'"')[::2]).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_NESTING


def _cleaned(value: object, place: str) -> object:
    if isinstance(value, dict):
        return {name: _cleaned(one, f"{place}.{name}") for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_cleaned(one, place) for one in value]
    if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
        raise Invalid.at(place, f"expected at most {MAX_TEXT_CHARACTERS} characters, got {len(value)}")
    if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
        raise Invalid.at(place, f"expected a number of at most {MAX_NUMBER_BITS} bits, got a longer one")
    return value


def _invalid(error: Exception, place: str = "") -> Invalid:
    """How is what the decoder found said in our words?"""
    text = str(error)
    found = _PLACE.match(text)
    where = ""
    if found is not None:
        text, where = found[1], found[2]
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    text = _in_our_words(text)
    return Invalid.at(_joined(place, where), text)


def _in_our_words(text: str) -> str:
    missing = re.fullmatch(r"Object missing required field (`[a-z_]+`)", text)
    if missing:
        return f"expected {missing[1]}, got nothing"
    wrong = re.fullmatch(r"Invalid enum value '(.*)'", text, re.DOTALL)
    if wrong:
        known = ", ".join(f"`{word}`" for word in (EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT))
        return f"expected one of {known}, got `{wrong[1][:40]}`"
    if text.startswith("Input data was truncated"):
        return "expected JSON, got a text that is cut off"
    if text.startswith("JSON is malformed: "):
        return "expected JSON, got another text: " + text.removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)
