"""How effects of a change are said in JSON. Serves docs/spec.md section 25; what they are is service/effects.

Lists of principals, resources and effects are cut; beside each stands how many there are.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Any

from bailiwick.catalog.scopes import format_scope
from bailiwick.engine.difference import Names
from bailiwick.service.effects import Effect, Effects, Found

MOST_EFFECTS = 200
MOST_PRINCIPALS = 20
MOST_RESOURCES = 20


def effects_body(effects: Effects) -> dict[str, Any]:
    """Which fields say what a change would do?"""
    return {
        "reach": [asdict(one) for one in effects.reached],
        "gained": _found(effects.gained),
        "lost": _found(effects.lost),
        "warnings": [asdict(one) for one in effects.cautions],
        "complete": effects.complete,
        "others": effects.told_of_others,
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "principals": found.principals,
        "answers": found.answers,
        "effects": [_effect(one) for one in found.effects[:MOST_EFFECTS]],
        "left_out": max(0, len(found.effects) - MOST_EFFECTS),
    }


def _effect(effect: Effect) -> dict[str, Any]:
    resources = effect.resources
    names = resources.first(MOST_RESOURCES) if isinstance(resources, Names) else resources[:MOST_RESOURCES]
    return {
        "principals": list(islice(effect.principals, MOST_PRINCIPALS)),
        "principals_count": len(effect.principals),
        "actions": effect.actions,
        "service": effect.service,
        "resource_type": effect.resource_type,
        "resources": names,
        "resources_count": len(resources),
        "scope": None if effect.scope is None else format_scope(effect.scope),
        "policies": effect.policies,
        "reason": effect.reason,
        "because_of": effect.because_of,
    }
