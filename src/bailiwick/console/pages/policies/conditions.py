"""Conditions that the builder shows as fields, and what it leaves as YAML.

Pure: documents of conditions in, fields of the form out, and back. Of each sort one is shown; whatever has another
form, another operator, a `missing`, or comes twice is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

from bailiwick.console.forms import Form
from bailiwick.model.accounts import Property

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
A_MONDAY = date(2027, 1, 4)
NETWORK, TIME, MFA = "context.ip", "context.time", "context.mfa"
# WHY kept as YAML: a field for a time of day shows nothing at all for it.
MIDNIGHT = "24:00"
FIELDS = ("networks", "from", "to", "day", "zone", "mfa", "attribute", "equals")
Fields = dict[str, str | list[str]]
Document = Mapping[str, Any]


def fields_of(condition: Document | None) -> tuple[Fields, Document | None]:
    """Which fields show this condition, and what of it do they not show? Everything of an `all` must hold."""
    fields: Fields = {}
    kept: list[Document] = []
    for item in _items(condition):
        if not _show(item, fields):
            kept.append(item)
    return fields, _all(kept)


def _items(condition: Document | None) -> list[Document]:
    if condition is None:
        return []
    items = condition.get("all")
    return list(items) if isinstance(items, list) and len(condition) == 1 else [condition]


def _all(items: list[Document]) -> Document | None:
    if not items:
        return None
    return items[0] if len(items) == 1 else {"all": items}


def _show(item: Document, fields: Fields) -> bool:
    """Can it be shown, and is there room? Then it is put into the fields."""
    if set(item) != {"key", "operator", "value"}:
        return False
    key, operator, value = item["key"], item["operator"], item["value"]
    match key, operator:
        case "context.ip", "ip-in":
            return _put(fields, networks=_listed(value))
        case "context.mfa", "bool-equals" if value is True:
            return _put(fields, mfa="yes")
        case "context.time", "time-of-day-between" if MIDNIGHT not in (value["from"], value["to"]):
            return _put_timed(fields, value, {"from": value["from"], "to": value["to"]})
        case "context.time", "day-of-week":
            return _put_timed(fields, value, {"day": list(value["days"])})
        case _, "string-equals" if (text := _listed(value)) is not None:
            names, values = fields.setdefault("attribute", []), fields.setdefault("equals", [])
            if isinstance(names, list) and isinstance(values, list):
                names.append(str(key))
                values.append(text)
            return True
    return False


def _put_timed(fields: Fields, value: Document, said: Fields) -> bool:
    zone = str(value["zone"])
    return fields.get("zone", zone) == zone and _put(fields, **said) and bool(fields.setdefault("zone", zone))


def _put(fields: Fields, **said: str | list[str] | None) -> bool:
    if any(value is None or name in fields for name, value in said.items()):
        return False
    fields.update({name: value for name, value in said.items() if value is not None})
    return True


def _listed(value: object) -> str | None:
    """How are these texts written in one line? None: not without loss."""
    return join_list(value if isinstance(value, list) else [value])


def join_list(values: list[Any]) -> str | None:
    """How are these texts written in one line, with commas between them? None: not without loss."""
    whole = all(
        # WHY printable: a browser takes line breaks and the like out of what one line holds.
        isinstance(one, str) and one and one == one.strip() and "," not in one and one.isprintable()
        for one in values
    )
    return ", ".join(values) if whole and values else None


def split_list(text: str) -> list[str]:
    """Which texts are written in this line?"""
    return [one.strip() for one in text.split(",") if one.strip()]


def condition_of(form: Form, kept: Document | None) -> dict[str, Any] | None:
    """Which condition do the fields say, together with what they do not show?"""
    items: list[Document] = []
    if networks := split_list(form.get("networks")):
        items.append(_compared(NETWORK, "ip-in", networks))
    if form.has("mfa"):
        items.append(_compared(MFA, "bool-equals", True))
    zone = form.text("zone") or "UTC"
    if form.text("from") or form.text("to"):
        value = {"from": form.text("from"), "to": form.text("to"), "zone": zone}
        items.append(_compared(TIME, "time-of-day-between", value))
    if days := form.all("day"):
        items.append(_compared(TIME, "day-of-week", {"days": list(days), "zone": zone}))
    for key, text in attributes_of(form):
        values = split_list(text)
        items.append(_compared(key, "string-equals", values[0] if len(values) == 1 else values))
    found = _all([*items, *_items(kept)])
    return None if found is None else dict(found)


def situation_of(condition: Document | None) -> dict[str, Property]:
    """In which situation do the conditions that are shown hold? What they say of the resource or who asks is stored."""
    form = Form.of(fields_of(condition)[0])
    said: dict[str, Property] = {}
    if networks := split_list(form.get("networks")):
        said["ip"] = str(ip_network(networks[0], strict=False).network_address)
    if form.has("mfa"):
        said["mfa"] = True
    if form.get("from") or form.all("day"):
        said["time"] = _moment(form)
    for key, text in attributes_of(form):
        head, _, name = key.partition(".")
        if head == "context" and name and "." not in name and name not in said:
            said[name] = split_list(text)[0]
    return said


def _moment(form: Form) -> str:
    """Which moment lies in these hours, on the first of these days?"""
    hour, _, minute = (form.get("from") or "12:00").partition(":")
    day = DAYS.index(form.all("day")[0]) if form.all("day") else 0
    at = datetime.combine(
        A_MONDAY + timedelta(days=day), time(int(hour), int(minute)), ZoneInfo(form.get("zone"))
    )
    return at.isoformat()


def attributes_of(form: Form) -> list[tuple[str, str]]:
    """Which attributes are compared with which texts? Lines without an attribute count for nothing."""
    keys = [value.strip() for name, value in form.fields if name == "attribute"]
    texts = [value.strip() for name, value in form.fields if name == "equals"]
    return [(key, text) for key, text in zip(keys, texts, strict=False) if key or text]


def _compared(key: str, operator: str, value: object) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}
