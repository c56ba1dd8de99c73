"""Fields of forms that hold YAML: read with the place of what is wrong, written as people would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from bailiwick.console.forms import Form
from bailiwick.console.rendering import as_yaml
from bailiwick.errors import Invalid
from bailiwick.service.yaml_text import read_yaml


def yaml_of(form: Form, field: str) -> Any:
    """What does this field hold? None where it is empty. Raises Invalid at the field."""
    text = form.text(field)
    if not text:
        return None
    try:
        return read_yaml(text)
    except (yaml.YAMLError, Invalid) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f" in line {line + 1}"
        raise Invalid.at(field, f"this is no YAML{where}", "write `key: value`, one a line") from None


def yaml_text(value: Any) -> str:
    """How does such a field show this value?"""
    return "" if value in (None, {}, []) else as_yaml(value).strip()


def pairs_text(pairs: Mapping[str, object]) -> list[str]:
    """How does a list of lines show these pairs: `key=value`, one each?"""
    return [f"{key}={value}" for key, value in pairs.items()]


def pairs_of(form: Form, field: str) -> dict[str, str]:
    """Which pairs do the lines of this field hold? Raises Invalid at the field."""
    found: dict[str, str] = {}
    for line in form.all(field):
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise Invalid.at(field, f"`{line[:80]}` is no pair", "write key=value")
        found[key.strip()] = value.strip()
    return found
