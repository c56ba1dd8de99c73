"""Filters: the RFC's own table, what the schema says of case, what is refused, and that no filter is a bomb."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bailiwick.api.scim.filtering import MOST_CHARACTERS, compile_filter, parse_filter, sort_key
from bailiwick.api.scim.models import ENTERPRISE_SCHEMA, USER_SCHEMA, FullUser, Group
from bailiwick.api.scim.problems import ScimInvalid

BJENSEN: dict[str, Any] = {
    "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
    "id": "user-1",
    "externalId": "Okta-7",
    "userName": "bjensen",
    "name": {"familyName": "O'Malley", "givenName": "Bárbara"},
    "title": "Vice President",
    "userType": "Employee",
    "active": True,
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ],
    "groups": [{"value": "group-1", "display": "crew"}],
    "meta": {"resourceType": "User", "version": 'W/"7-user-1"'},
    ENTERPRISE_SCHEMA: {"department": "Tour Operations", "manager": {"value": "user-9"}},
}
# RFC 7644, section 3.4.2.2, figure 2 (dates aside, which nothing here has), and what follows from its text.
FITTING = [
    'userName eq "bjensen"',
    'name.familyName co "O\'Malley"',
    'userName sw "B"',
    f'{USER_SCHEMA}:userName sw "B"',
    "title pr",
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org") or active eq true',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]'.replace("ims", "phoneNumbers"),
    f'{ENTERPRISE_SCHEMA}:department ew "operations"',
    f'{ENTERPRISE_SCHEMA}:manager.value eq "user-9"',
    'USERNAME EQ "BJensen"',
    'userName gt "bj" and userName ge "bjensen" and userName lt "bk" and userName le "bjensen"',
    'name.givenName eq "bárbara"',
    'name.givenName eq "ba\u0301rbara"',
    'title eq "vice\\u0020president"',
    'nickName eq null',
    'title ne null',
    'nickName ne "x"',
    'emails ne "other@example.com"',
    "not (nickName pr)",
    'not(userName eq "other")',
    'groups.value eq "group-1"',
    'meta.resourceType eq "User"',
    "active ne false",
    'title pr and userType pr or nickName pr and nickName pr',
]  # fmt: skip
NOT_FITTING = [
    'userName eq "bjense"',
    'userName eq ""',
    'externalId eq "okta-7"',
    'id eq "USER-1"',
    'emails[type eq "home" and value co "@example.com"]',
    'emails[primary eq true and type eq "home"]',
    'emails ne "babs@jensen.org"',
    "active eq false",
    "nickName pr",
    'nickName eq "x"',
    'nickName gt "a"',
    'title pr and (userType eq "Intern" or nickName pr)',
    'groups.value eq "GROUP-1"',
]
BROKEN = [
    "",
    "userName",
    "userName eq",
    'userName eq "a',
    "userName eq alice",
    "userName is \"a\"",
    '(userName eq "a"',
    'userName eq "a" and',
    'emails[type eq "work"',
    'emails[emails[type eq "a"]]',
    'userName eq "a"; drop table users',
    "active gt true",
    "userName eq 5",
    'password eq "x"',
    'roles eq "admin"',
    'emails[secret eq "x"]',
    "userName.secret pr",
    'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"',
    'x' * (MOST_CHARACTERS + 1),
    "(" * 65 + "title pr" + ")" * 65,
    'title eq "' + ")" * 100 + '" or ' + "(" * 65 + "title pr" + ")" * 65,
    "not (" * 500 + "title pr" + ")" * 500,
]  # fmt: skip


def fits(text: str) -> bool:
    """Does she fit the filter?"""
    return compile_filter(parse_filter(text, FullUser), FullUser)(BJENSEN)


@pytest.mark.parametrize("text", FITTING)
def test_a_filter_finds_whom_it_means(text: str) -> None:
    """Whatever the case of names and operators, and of values that are not exact."""
    assert fits(text)


@pytest.mark.parametrize("text", NOT_FITTING)
def test_a_filter_finds_nobody_else(text: str) -> None:
    """Ids are exact; both conditions of a value path are of one value."""
    assert not fits(text)


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_filter_is_refused(text: str) -> None:
    """With SCIM's word for it, whatever is wrong; never by an error of ours."""
    with pytest.raises(ScimInvalid) as caught:
        fits(text)
    assert (caught.value.scim_type, caught.value.status) == ("invalidFilter", 400)


def test_the_longest_filters_are_answered_soon() -> None:
    """What the bounds let through costs little."""
    wide = " or ".join(["a pr".replace("a", "title")] * 200)
    deep = "(" * 60 + "title pr" + ")" * 60
    begun = time.process_time()
    assert fits(wide)
    assert fits(deep)
    assert time.process_time() - begun < 5
    with pytest.raises(ScimInvalid):
        fits(" or ".join(["title pr"] * 201))


def test_of_several_kinds_an_attribute_of_another_is_absent() -> None:
    """As RFC 7644, section 3.4.2.1, says of a search over all."""
    node = parse_filter('members eq "x"', Group)
    assert not compile_filter(node, FullUser, is_lenient=True)(BJENSEN)
    with pytest.raises(ScimInvalid):
        compile_filter(node, FullUser)


def test_a_list_is_sorted_by_the_primary_value() -> None:
    """And by nothing that is not there."""
    assert sort_key("emails", FullUser, is_lenient=False)(BJENSEN) == "bjensen@example.com"
    assert sort_key("name.familyName", FullUser, is_lenient=False)(BJENSEN) == "o'malley"
    assert sort_key("nickName", FullUser, is_lenient=False)(BJENSEN) is None
    for text in ("password", "a.b.c", "", "9", "userName;"):
        with pytest.raises(ScimInvalid):
            sort_key(text, FullUser, is_lenient=False)
