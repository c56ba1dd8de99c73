"""Filters and the order of lists: read once, asked of each user or group.

The grammar and the schema's rules are the models' (`ScimFilter`); asking is done here on what is shown, for asking a
model of each of a hundred thousand takes minutes. Bounded in length and depth before anything is parsed.
Source: RFC 7644, sections 3.4.2.2 and 3.4.2.3. What the RFC leaves open of several values is as in the models: any
value is enough, and `ne` means that none is equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import normalize

from scim2_models import Path, Resource, SCIMException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from bailiwick.api.scim.models import ENTERPRISE_SCHEMA
from bailiwick.api.scim.problems import ScimInvalid, of_model

MOST_CHARACTERS = 4096
MOST_OPEN = 64
MOST_TERMS = 200
Shown = Mapping[str, Any]
Fits = Callable[[Shown], bool]
Model = type[Resource[Any]]


def parse_filter(text: str, model: Model) -> FilterNode:
    """Which filter is it? Raises ScimInvalid for what is no filter, is too long, or does not fit the schema."""
    if is_too_long(text):
        raise ScimInvalid(
            "invalidFilter", f"expected at most {MOST_CHARACTERS} characters and {MOST_OPEN} brackets"
        )
    try:
        return ScimFilter[model](text).ast  # type: ignore[valid-type]  # the model is a value here
    except SCIMException as error:
        raise of_model(error) from None
    except (ValueError, RecursionError):
        raise ScimInvalid("invalidFilter", 'expected a filter, as `userName eq "alice"`') from None


def is_too_long(text: str) -> bool:
    """Is it longer than filters and paths may be? SECURITY: all that open count, which is no less than their depth."""
    return len(text) > MOST_CHARACTERS or text.count("(") + text.count("[") > MOST_OPEN


def compile_filter(
    node: FilterNode, model: Model, inside: AttrPath | None = None, *, is_lenient: bool = False
) -> Fits:
    """Who fits the filter, or which of the values of the attribute?

    Raises ScimInvalid for an attribute that nobody has, unless that is an absent one (`is_lenient`; RFC 7644, 3.4.2.1).
    """
    return _Compiler(model, inside, is_lenient=is_lenient).fits(node)


class _Compiler:
    """Makes functions of a filter's parts. `inside`: of which attribute are the values that are asked?"""

    def __init__(self, model: Model, inside: AttrPath | None, *, is_lenient: bool) -> None:
        self._model = model
        self._is_lenient = is_lenient
        self._inside = inside

    def fits(self, node: FilterNode) -> Fits:
        match node:
            case LogicalExpr():
                parts = [self.fits(one) for one in node.terms]
                if len(parts) > MOST_TERMS:
                    raise ScimInvalid("invalidFilter", f"expected at most {MOST_TERMS} terms")
                if node.op == LogicalOperator.and_:
                    return lambda shown: all(part(shown) for part in parts)
                return lambda shown: any(part(shown) for part in parts)
            case Not():
                negated = self.fits(node.expr)
                return lambda shown: not negated(shown)
            case Present():
                values = self._values(node.attr_path)
                return lambda shown: any(_is_present(one) for one in values(shown))
            case Comparison():
                return self._comparison(node)
            case ValuePath():
                return self._selection(node)
        raise ScimInvalid("invalidFilter", "expected a filter")

    def _selection(self, node: ValuePath) -> Fits:
        inner = _Compiler(self._model, node.attr_path, is_lenient=self._is_lenient).fits(node.val_filter)
        values = self._values(node.attr_path)
        return lambda shown: any(isinstance(one, Mapping) and inner(one) for one in values(shown))

    def _comparison(self, node: Comparison) -> Fits:
        values, is_exact = self._values(node.attr_path), self._is_exact(node.attr_path)
        wanted = _folded(node.value, is_exact)
        if wanted is None:
            is_wanted = node.op == CompareOperator.ne
            return lambda shown: any(_is_present(one) for one in values(shown)) is is_wanted
        if node.op == CompareOperator.ne:
            return lambda shown: all(_folded(_plain(one), is_exact) != wanted for one in values(shown))
        compare = _COMPARE[node.op]
        return lambda shown: any(
            compare(_folded(_plain(one), is_exact), wanted)
            for one in values(shown)
            if type(_plain(one)) is type(wanted)
        )

    def _values(self, path: AttrPath) -> Callable[[Shown], list[Any]]:
        self._require(path)
        return values_of(path)

    def _full(self, path: AttrPath) -> AttrPath:
        """The path from the user or group, where it was written from a value of an attribute."""
        return path if self._inside is None else AttrPath(self._inside.attr, path.attr, self._inside.uri)

    def _require(self, path: AttrPath) -> None:
        if not self._is_lenient and not is_known(str(self._full(path)), self._model):
            raise ScimInvalid("invalidFilter", f"there is no attribute `{str(path)[:80]}`")

    def _is_exact(self, path: AttrPath) -> bool:
        full = self._full(path)
        if not is_known(str(full), self._model):
            return False
        found = Path[self._model](str(full)).resolve()  # type: ignore[name-defined]  # the model is a value here
        if found is not None and found.is_multivalued and full.sub_attr is None:
            inner = Path[self._model](f"{full}.value").resolve()  # type: ignore[name-defined]
            found = inner if inner is not None else found
        return found is not None and found.case_exact


def is_known(path: str, model: Model) -> bool:
    """Has a user or group this attribute?"""
    try:
        return Path[model](path).resolve() is not None  # type: ignore[valid-type]  # the model is a value here
    except (SCIMException, ValueError):
        return False


def values_of(path: AttrPath) -> Callable[[Shown], list[Any]]:
    """Which values has this attribute? Several where it, or what it is inside, has several."""
    uri = (path.uri or "").lower()
    steps = [path.attr.lower(), *([path.sub_attr.lower()] if path.sub_attr else [])]
    if uri == ENTERPRISE_SCHEMA.lower():
        steps.insert(0, uri)

    def values(shown: Shown) -> list[Any]:
        found: list[Any] = [shown]
        for step in steps:
            found = [inner for one in found if isinstance(one, Mapping) for inner in _step(one, step)]
        return found

    return values


def _step(value: Mapping[str, Any], wanted: str) -> list[Any]:
    for name, inner in value.items():
        if name.lower() == wanted:
            return inner if isinstance(inner, list) else [inner]
    return []


def _plain(value: Any) -> Any:
    """What is compared of it? Of a mapping, its `value`."""
    return value.get("value") if isinstance(value, Mapping) else value


def _folded(value: Any, is_exact: bool) -> Any:
    if not isinstance(value, str):
        return value
    return normalize("NFC", value) if is_exact else normalize("NFC", normalize("NFC", value).casefold())


def _is_present(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


_COMPARE: Mapping[CompareOperator, Callable[[Any, Any], bool]] = {
    CompareOperator.eq: lambda one, wanted: bool(one == wanted),
    CompareOperator.co: lambda one, wanted: wanted in one,
    CompareOperator.sw: lambda one, wanted: bool(one.startswith(wanted)),
    CompareOperator.ew: lambda one, wanted: bool(one.endswith(wanted)),
    CompareOperator.gt: lambda one, wanted: bool(one > wanted),
    CompareOperator.ge: lambda one, wanted: bool(one >= wanted),
    CompareOperator.lt: lambda one, wanted: bool(one < wanted),
    CompareOperator.le: lambda one, wanted: bool(one <= wanted),
}


def sort_key(text: str, model: Model, *, is_lenient: bool) -> Callable[[Shown], str | None]:
    """By what is a list sorted? None: has no such value. Raises ScimInvalid for an attribute that nobody has."""
    if len(text) > MOST_CHARACTERS or not (is_lenient or is_known(text, model)):
        raise ScimInvalid("invalidPath", f"there is no attribute `{text[:80]}` to sort by")
    uri, _, rest = text.rpartition(":")
    attr, _, sub = rest.partition(".")
    try:
        values = values_of(AttrPath(attr, sub or None, uri or None))
    except ValueError:
        raise ScimInvalid("invalidPath", f"`{text[:80]}` is no attribute") from None

    def key(shown: Shown) -> str | None:
        found = [one for one in values(shown) if _is_present(one)]
        first = next((one for one in found if isinstance(one, Mapping) and one.get("primary") is True), None)
        value = _plain(first if first is not None else found[0]) if found else None
        return None if value is None else str(_folded(str(value), is_exact=False))

    return key
