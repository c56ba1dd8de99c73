"""AWS policies: what is imported decides exactly as AWS would, or the import says why it cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.importing.aws_original import is_allowed
from tests.property.importing.aws_policies import draw_policy
from tests.property.importing.aws_world import BASE, KNOWN, draw_request, for_aws, for_bailiwick, mapping

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.errors import Invalid
from bailiwick.importing.policies import Settings, Source, import_policies
from bailiwick.model.accounts import Account

MAPPING = mapping()
REQUESTS = 40


def imported(policy: Any, narrow: bool = False) -> Account | None:
    """The account with what the policy becomes. None: refused."""
    settings = Settings("aws", MAPPING, ("group:all",), narrow_edges=narrow)
    try:
        found = import_policies([Source("doc", json.dumps(policy), "doc.json")], settings, KNOWN)
    except Invalid:
        return None
    return assemble_account(BASE, [parse_document(one, "acme")[1] for one in found.documents])


def compiled(account: Account) -> CompiledAccount:
    """The account, ready to decide, after apply's own checks."""
    assert check_account(KNOWN.catalog, account) == []
    return compile_account(KNOWN.catalog, account)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_an_imported_policy_decides_as_aws_does(seed: int) -> None:
    """Every generated policy that is not refused answers every generated request as the original."""
    random = Random(seed)
    policy = draw_policy(random)
    account = imported(policy)
    if account is None:
        return
    ready = compiled(account)
    for _ in range(REQUESTS):
        asked = draw_request(random)
        ours, theirs = bool(decide(ready, for_bailiwick(asked))), is_allowed(policy, for_aws(asked))
        assert ours is theirs, json.dumps(policy, indent=1) + f"\n{asked}\n{account.policies}"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_with_narrow_edges_nothing_is_allowed_that_aws_denies(seed: int) -> None:
    """`--narrow` may allow less than the original, and never more."""
    random = Random(seed)
    policy = draw_policy(random)
    account = imported(policy, narrow=True)
    if account is None:
        return
    ready = compiled(account)
    for _ in range(REQUESTS):
        asked = draw_request(random)
        assert not decide(ready, for_bailiwick(asked)) or is_allowed(policy, for_aws(asked))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_value_of_the_wrong_type_never_allows(seed: int) -> None:
    """Whatever a service says wrongly in the context, it allows nothing that is denied when it says nothing."""
    random = Random(seed)
    policy = draw_policy(random)
    statements = [{**one, "Condition": {op: keys for op, keys in one.get("Condition", {}).items()
                  if "Null" not in op and "IfExists" not in op and "Not" not in op and "ForAll" not in op}}
                  for one in policy["Statement"] if one["Effect"] == "Allow"]  # fmt: skip
    account = imported({**policy, "Statement": statements}) if statements else None
    if account is None:
        return
    ready = compiled(account)
    for _ in range(REQUESTS):
        asked = draw_request(random)
        wrong = replace(asked, context={name: {"no": "such type"} for name in asked.context})
        unsaid = replace(asked, context={})
        assert not decide(ready, for_bailiwick(wrong)) or decide(ready, for_bailiwick(unsaid))


def test_a_fair_share_is_not_refused() -> None:
    """Of the generated policies more than a third are imported, and those both allow and deny."""
    drawn = [(draw_policy(Random(seed)), seed) for seed in range(600)]
    accepted = [(account, seed) for policy, seed in drawn if (account := imported(policy)) is not None]
    assert len(accepted) > 200
    verdicts = []
    for account, seed in accepted:
        ready, random = compiled(account), Random(-seed)
        verdicts += [bool(decide(ready, for_bailiwick(draw_request(random)))) for _ in range(10)]
    assert sum(verdicts) > 0.05 * len(verdicts)
    assert sum(bool(account.policies) for account, _ in accepted) > 150
