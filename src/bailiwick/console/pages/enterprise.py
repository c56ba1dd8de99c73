"""The enterprise: this account's place in one, the tree that this account holds, and what is done to its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.documents import parse_document
from bailiwick.console.forms import Form
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.enterprises import EnterpriseAccount, nodes_from
from bailiwick.service.enterprise.accounts import begin_account
from bailiwick.service.enterprise.views import IN_TREE, MANAGES, SeenNode, find_place, walk_tree
from bailiwick.service.kinds import KIND_OF_NODE
from bailiwick.service.reading import Found

NODES = ("enterprise", "account-group", "account")
RETRIEVE = tuple(f"enterprise.{node}.retrieve" for node in NODES)
CREATE = tuple(f"enterprise.{node}.create" for node in NODES)
UPDATE = tuple(f"enterprise.{node}.update" for node in NODES)
DELETE = tuple(f"enterprise.{node}.delete" for node in NODES[1:])
MOVING = (
    *UPDATE, *CREATE, *DELETE, "enterprise.account.move",
    *(f"enterprise.{node}.detach-config-rules" for node in NODES),
)  # fmt: skip
FIELDS = ("kind", "name", "parent", "description", "owner_email")
BEGIN = "begin"
KINDS_MADE = (
    ("AccountGroup", "an account group"),
    (BEGIN, "a new account, with an owner of its own"),
    ("EnterpriseAccount", "an account that exists, whose owner has named this enterprise"),
)

ENTERPRISES, ACCOUNT_GROUPS, MEMBERS = (
    ObjectPages(kind, "Enterprise", heading="Organisation", read=RETRIEVE, update=MOVING, delete=MOVING)
    for kind in ("Enterprise", "AccountGroup", "EnterpriseAccount")
)
OBJECTS: Mapping[str, ObjectPages] = {one.kind: one for one in (ENTERPRISES, ACCOUNT_GROUPS, MEMBERS)}


def enterprise_entries() -> list[Entry]:
    """Which lines has this subject?"""
    lines = [
        get("/enterprise", show_enterprise, *RETRIEVE, "enterprise.enterprise.create", "iam.account.read"),
        get("/enterprise/new", show_new, *CREATE),
        post("/enterprise/new", make, *CREATE),
        post("/enterprise/begin", make_enterprise, *CREATE),
    ]
    for objects in OBJECTS.values():
        lines.append(get(objects.path_of(), _showing(objects), *RETRIEVE))
        lines += object_entries(objects)
    return lines


def _showing(objects: ObjectPages) -> Any:
    def show(page: Page) -> Response:
        found = objects.get(page)
        return objects.show(page, found, "enterprise/node.html", **_around(page, found))

    return show


def _around(page: Page, found: Found) -> dict[str, Any]:
    """Where does the node stand, and which guardrails stand on the way to it?"""
    tree = page.snapshot.account
    node = _node_of(found)
    above = list(nodes_from(tree, node))
    on_the_way = [one for one in tree.guardrails.values() if one.node in above]
    seen = [one for one in on_the_way if page.reader.may_read("Guardrail", one.name, one)]
    below = [one for one in _tree(page) if one.parent == node]
    return {"node": node, "guardrails": seen, "below": below, "link": _link(page)}


def _node_of(found: Found) -> str:
    kind = next(node for node, word in KIND_OF_NODE.items() if word == found.kind)
    return f"{kind}:{found.name}"


def _link(page: Page) -> Any:
    """How does a template come from a node's name to its page?"""

    def link(node: str) -> str:
        kind, _, name = node.partition(":")
        return OBJECTS[KIND_OF_NODE[kind]].url(page, name)

    return link


def _tree(page: Page) -> list[SeenNode]:
    try:
        return list(walk_tree(page.reader))
    except (Denied, NotFound):
        return []


def show_enterprise(page: Page) -> Response:
    """The account's place, and its tree where it holds one."""
    tree = _tree(page)
    try:
        place = find_place(page.host, page.session)[0]
    except Denied:
        if not tree:
            raise
        place = None
    account = page.snapshot.account
    return page.render(
        "enterprise/enterprise.html",
        place=place,
        tree=tree,
        manages=bool(account.enterprises),
        in_tree=IN_TREE,
        manages_word=MANAGES,
        may_create=bool(account.enterprises) and page.judge.could_hold_any(CREATE),
        may_begin=not account.enterprises
        and account.enterprise is None
        and page.judge.could_hold_any(("enterprise.enterprise.create",)),
        link=_link(page),
        form=Form(),
    )


def show_new(page: Page) -> Response:
    """The form of a new node."""
    if not page.judge.could_hold_any(CREATE):
        page.judge.refuse(CREATE[1], "", "no_matching_policy")
    form = Form.of({"parent": page.asked("parent"), "kind": page.asked("kind") or "AccountGroup"})
    return _form(page, form)


def _form(page: Page, form: Form, status: int = 200) -> Response:
    parents = [(one.node, one.node) for one in _tree(page) if not one.node.startswith("account:")]
    return page.render("enterprise/new.html", status=status, form=form, kinds=KINDS_MADE, parents=parents)


def make(page: Page) -> Response:
    """Make a group, or put an account below a node; a new account's first key is shown once."""
    form = page.form
    said = {field: form.text(field) for field in ("name", "parent", "description") if form.text(field)}
    said.setdefault("name", "")
    try:
        if form.get("kind") == BEGIN:
            return _begin(page, said)
        kind = "EnterpriseAccount" if form.get("kind") == "EnterpriseAccount" else "AccountGroup"
        outcome = page.create(kind, said)
    except (Invalid, Conflict, NotFound) as error:
        return _form(page, form.failed(error, *FIELDS), status_of(error))
    return page.redirect("/enterprise", note=f"{said['name']} is in the tree.", revision=outcome.revision)


def _begin(page: Page, said: Mapping[str, str]) -> Response:
    document = {**said, "kind": "EnterpriseAccount", "account": page.account}
    member = parse_document(document, page.account)[1]
    if not isinstance(member, EnterpriseAccount):
        raise TypeError("a document of this kind is an account of the tree")
    begun = begin_account(page.host, page.session, member, page.form.text("owner_email"))
    return page.render("enterprise/begun.html", begun=begun)


def make_enterprise(page: Page) -> Response:
    """Make this account the management account of a new enterprise."""
    try:
        outcome = page.create("Enterprise", {"name": page.form.text("name")})
    except (Invalid, Conflict) as error:
        return _refused(page, error)
    return page.redirect("/enterprise", note="The enterprise begins here.", revision=outcome.revision)


def _refused(page: Page, error: BailiwickError) -> Response:
    place = find_place(page.host, page.session)[0]
    return page.render(
        "enterprise/enterprise.html",
        status=status_of(error),
        place=place,
        tree=[],
        manages=False,
        in_tree=IN_TREE,
        manages_word=MANAGES,
        may_create=False,
        may_begin=True,
        link=_link(page),
        form=page.form.failed(error, "name"),
    )
