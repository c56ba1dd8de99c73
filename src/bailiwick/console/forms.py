"""What a form sent: its fields as texts, and, after an error, what was wrong at which field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.requests import Request

from bailiwick.errors import BailiwickError, Finding, Invalid

MAX_BYTES = 1 << 20
MAX_FIELDS = 4096
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in order. `errors`: findings by field; under "" those of no field that is shown.

    SECURITY: its text shows no field; one may be a password.
    """

    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    errors: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, str | Iterable[str]]) -> Form:
        """Which form shows these values before anybody has changed them?"""
        fields: list[tuple[str, str]] = []
        for name, value in values.items():
            fields += [(name, one) for one in ((value,) if isinstance(value, str) else value)]
        return cls(tuple(fields))

    def get(self, name: str, otherwise: str = "") -> str:
        """What was written in this field? Of several the first."""
        return next((value for key, value in self.fields if key == name), otherwise)

    def text(self, name: str) -> str:
        """The same, without spaces around it."""
        return self.get(name).strip()

    def all(self, name: str) -> tuple[str, ...]:
        """What was written in all fields of this name, without the empty ones?"""
        return tuple(value.strip() for key, value in self.fields if key == name and value.strip())

    def has(self, name: str) -> bool:
        """Was there such a field? (A box that is not checked sends none.)"""
        return any(key == name for key, _ in self.fields)

    def require_numbers(self, names: Iterable[str]) -> None:
        """Do these fields hold whole numbers? Raises Invalid for all that do not."""
        said = {name: self.text(name) for name in names}
        findings = [
            Finding(f"expected a whole number, got `{text[:40]}`", name)
            for name, text in said.items()
            if not (text.isascii() and text.isdigit())
        ]
        if findings:
            raise Invalid(findings)

    def failed(self, error: BailiwickError, *shown: str, **places: str) -> Form:
        """The same form, with what was wrong at its fields.

        A finding belongs to the field that its place begins with (`members[2]` to `members`), by another name where
        `places` says so; what belongs to none of those `shown` stands above the form.
        """
        found: dict[str, list[Finding]] = {}
        for finding in _findings(error):
            # WHY rpartition: a check of the whole account says of which object it speaks (`Project web: name`).
            place = finding.place.rpartition(": ")[2].split("[")[0].split(".")[0]
            name = places.get(place, place)
            found.setdefault(name if name in shown else "", []).append(finding)
        return replace(self, errors={name: tuple(findings) for name, findings in found.items()})


def _findings(error: BailiwickError) -> tuple[Finding, ...]:
    if isinstance(error, Invalid) and error.findings:
        return error.findings
    return (Finding(error.message, help=error.help, code=error.code),)


async def read_form(request: Request) -> Form:
    """What was sent? Raises Invalid for another type or too much."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise Invalid.at("", f"expected a form, got `{kind[:80]}`")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise Invalid.at("", f"the form has more than {MAX_BYTES} bytes")
    try:
        text = body.decode("utf-8")
        fields = parse_qsl(
            text, keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding="utf-8", errors="strict"
        )
    except ValueError:
        raise Invalid.at("", "the form cannot be read") from None
    # WHY: browsers send line breaks in two characters.
    return Form(tuple((name, value.replace("\r\n", "\n")) for name, value in fields))
