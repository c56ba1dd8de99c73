"""The mapping file: every mistake with its line, and what two names for one action would do."""

from __future__ import annotations

import pytest
from tests.property.importing.aws_world import KNOWN, MAPPING

from bailiwick.errors import Invalid
from bailiwick.importing.mapping import parse_mapping
from bailiwick.importing.mapping_checks import check_mapping

HEAD = "kind: ImportMapping\nprovider: aws\n"


def findings(text: str) -> list[str]:
    """Everything that is wrong with this mapping."""
    try:
        check_mapping(parse_mapping(text, "map.yaml", "aws"), KNOWN)
    except Invalid as error:
        return [finding.format() for finding in error.findings]
    return []


def test_the_mapping_of_the_generated_tests_is_sound() -> None:
    """Nothing is wrong with it."""
    assert findings(MAPPING) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("provider: aws\n", "map.yaml:1: missing field `kind`"),
        ("kind: ImportMapping\nprovider: ibm\n",
         "map.yaml:2: expected a mapping of `aws`, got one of `ibm` at provider"),
        (HEAD + "service: {}\n",
         "map.yaml:3: unknown field `service` at service\n  help: did you mean `services`?"),
        (HEAD + "services: {s3: {actions: {}}}\n", "map.yaml:3: missing field `service` at services.s3"),
        (HEAD + "services: {s3: {service: object-store, actions: {s3:GetObject: object.read}}}\n",
         "map.yaml:3: `s3:GetObject` is no action name without its service at services.s3.actions.s3:GetObject\n"
         "  help: write `GetObject` below `s3`"),
        (HEAD + 'services: {s3: {service: object-store, resources: [{type: bucket, arn: "arn:aws:s3:::{object}"}]}}\n',
         "map.yaml:3: `arn:aws:s3:::{object}` does not end with `{bucket}` at services.s3.resources[0].arn\n"
         "  help: one slot for each type of the path"),
        (HEAD + 'services: {s3: {service: object-store, resources: [{type: bucket, arn: "arn:aws:{bucket}"}]}}\n',
         "map.yaml:3: `arn:aws:{bucket}` has not the six segments of an ARN at services.s3.resources[0].arn"),
        (HEAD + 'services: {s3: {service: object-store, resources: [{type: bucket, arn: "arn:aws:s3:::*{bucket}"}]}}\n',
         "map.yaml:3: `arn:aws:s3:::*{bucket}` has two slots side by side, or a wildcard at "
         "services.s3.resources[0].arn\n  help: put a text between"),
        (HEAD + "keys: {aws:x: {key: contxt.x}}\n",
         "map.yaml:3: unknown attribute `contxt.x` at keys.aws:x.key\n  help: did you mean `context.*`?"),
        (HEAD + "keys: {aws:x: {key: context.x, type: text}}\n",
         "map.yaml:3: expected one of `string`, `strings`, `number`, `date`, `bool`, `network`, `arn`, `now`, got "
         "`text` at keys.aws:x.type"),
        (HEAD + "keys: {aws:x: {key: context.x, type: now}}\n",
         "map.yaml:3: `now` is both `key` and `type`, or neither at keys.aws:x\n"
         "  help: write {key: now, type: now}"),
        (HEAD + 'keys: {aws:x: {key: context.x, prefix: "user:"}}\n',
         "map.yaml:3: only a principal's reference has a prefix at keys.aws:x.prefix\n  help: such as `user:`"),
        (HEAD + "services: {s3: {service: object-stor}}\n",
         "unknown service `object-stor` at mapping: services.s3.service\n  help: did you mean `object-store`?"),
        (HEAD + "services: {iam: {service: iam}}\n",
         "nothing of another system stands for `iam` at mapping: services.iam.service\n"
         "  help: write its policies here"),
        (HEAD + "services: {s3: {service: object-store, actions: {GetObject: object.reed}}}\n",
         "unknown action `object.reed` at mapping: services.s3.actions.GetObject\n"
         "  help: did you mean `object.read`?"),
        (HEAD + "services: {s3: {service: object-store, actions: {GetObject: object.read, GetAcl: object.read}}}\n",
         "`object.read` stands for `s3:GetObject` already at mapping: services.s3.actions.GetAcl\n"
         "  help: an action of ours stands for one of theirs"),
        (HEAD + 'services: {s3: {service: object-store, resources: [{type: object, arn: "arn:aws:s3:::{object}"}]}}\n',
         "`object` is no path of `object-store` at mapping: services.s3.resources[0].arn\n"
         "  help: one slot for each type, outermost first"),
        (HEAD + "services: {s3: {service: object-store, types: {x: buckets}}}\n",
         "unknown resource type `buckets` at mapping: services.s3.types.x\n  help: did you mean `bucket`?"),
        (HEAD + 'services: {e: {service: eps, resources: [{type: enterprise-project, arn: '
         '"arn:aws:eps:{region}::{enterprise-project}"}]}}\n',
         "`eps` has no regions at mapping: services.e.resources[0].arn\n  help: leave the slot out"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(text: str, wanted: str) -> None:
    """With its place, what was expected and the nearest right word."""
    assert findings(text) == [wanted]


def test_two_forms_of_one_type_are_a_mistake() -> None:
    """Which of them a resource has nobody could say."""
    form = '{type: bucket, arn: "arn:aws:s3:::{bucket}"}'
    text = HEAD + f"services: {{s3: {{service: object-store, resources: [{form}, {form}]}}}}\n"
    assert findings(text) == [
        "`bucket` has two forms of ARN at mapping: services.s3.resources[1]\n  help: a type has one"
    ]


def test_a_mapping_is_one_document() -> None:
    """Neither none nor two."""
    assert findings(HEAD + "---\n" + HEAD) == [
        "expected one document of kind `ImportMapping`, got 2 at map.yaml"
    ]
