"""Generated conditions: every operator, references, `missing`, all/any/not; such as the parser accepts."""

from __future__ import annotations

from tests.differential import vocabulary as words
from tests.differential.draw import Draw

from bailiwick.model.conditions import OPERATORS, Condition, parse_condition

_OPERATORS = tuple(OPERATORS)
_LITERALS: dict[str, tuple[object, ...]] = {
    "string": (*words.TEXTS, "s*", "*e*", "?ev", "service", "image", "user", "test", "i1", "alpha/Reader"),
    "number": tuple(number for number in words.NUMBERS if number < 1000),
    "bool": (True, False),
    "date": words.DATES,
    "network": words.NETWORKS,
}


def draw_condition(draw: Draw, depth: int = 0) -> Condition:
    """Which condition?"""
    return parse_condition(draw_document(draw, depth))


def draw_document(draw: Draw, depth: int = 0) -> dict[str, object]:
    """Which condition, as its document?"""
    if depth < 3 and draw.chance(25):
        word = draw.pick(("all", "any", "not"))
        if word == "not":
            return {"not": draw_document(draw, depth + 1)}
        return {word: [draw_document(draw, depth + 1) for _ in range(1 + draw.below(3))]}
    return _comparison(draw)


def _comparison(draw: Draw) -> dict[str, object]:
    operator = draw.pick(_OPERATORS)
    kind = _key_kind(operator)
    body: dict[str, object] = {"key": _key(draw, kind), "operator": operator, "value": _value(draw, operator)}
    if draw.chance(12):
        body["missing"] = draw.chance(50)
    return body


def _key_kind(operator: str) -> str:
    """Of which type are the keys that this operator is meant for?"""
    if operator.startswith("contains"):
        return "list"
    if operator in ("time-of-day-between", "day-of-week"):
        return "date"
    return "string" if operator == "exists" else OPERATORS[operator][0]


def _key(draw: Draw, kind: str) -> str:
    return draw.pick(words.EVERY_KEY) if draw.chance(12) else draw.pick(words.KEYS[kind])


def _value(draw: Draw, operator: str) -> object:
    kind, may_be_list = OPERATORS[operator]
    if kind == "day-time":
        start, end = draw.some(words.CLOCKS, 2, 2)
        return {"from": start, "to": "24:00" if draw.chance(10) else end, "zone": draw.pick(words.ZONES)}
    if kind == "week-days":
        return {"days": draw.some(words.DAYS, 1), "zone": draw.pick(words.ZONES)}
    if operator != "exists" and draw.chance(25):
        wanted = "list" if may_be_list and kind == "string" and draw.chance(40) else kind
        return {"ref": _key(draw, wanted)}
    if may_be_list and draw.chance(30):
        return draw.some(_LITERALS[kind], 1, 3)
    return draw.pick(_LITERALS[kind])
