"""AuthZEN over HTTP: one function from target, headers and body to status, headers and body.

The server's protocol subclass and the framework's routes both call it, so that they answer byte for byte alike.
Source: OpenID AuthZEN, Authorization API 1.0 (January 2026); docs/spec.md sections 7 and 10.
SECURITY: whatever goes wrong in here is an error or `decision: false`, never `decision: true`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from time import perf_counter

from bailiwick.api.answers import revision_headers, stale_headers
from bailiwick.api.authzen_answers import Answers, answers_at, list_body
from bailiwick.api.authzen_bodies import (
    DENY_ON_FIRST_DENY,
    PERMIT_ON_FIRST_PERMIT,
    TOKEN,
    EvaluationBody,
    EvaluationsBody,
    PiecedEvaluationsBody,
    parse_evaluation,
    parse_evaluations,
    parse_part,
    said,
)
from bailiwick.api.authzen_requests import (
    AskHeaders,
    Target,
    check_authorization,
    check_headers,
    echo,
    identified,
    parse_target,
)
from bailiwick.api.authzen_resources import find_resource
from bailiwick.api.problems import (
    CHALLENGE,
    INVALID_TOKEN,
    Headers,
    WireAnswer,
    answer_of,
    detail_of,
    internal_answer,
    status_of,
)
from bailiwick.errors import BailiwickError, Invalid, NotFound, Unauthenticated
from bailiwick.model.names import ANONYMOUS
from bailiwick.model.requests import Reason
from bailiwick.service.asking import NOTHING_SAID, Asked, Asking, Question, begin_asking
from bailiwick.service.hearing import format_since
from bailiwick.service.holding.accounts import NotHeld

MAX_EXPLAINED_EVALUATIONS = 100
INTERNAL = "internal"
# INVARIANT: shared by every plain answer, never changed.
JSON_HEADERS: Headers = [(b"content-type", b"application/json")]
Stated = tuple[datetime | None, bytes]
Answering = Callable[[Asked, str, AskHeaders, bytes], WireAnswer]

_logger = logging.getLogger("bailiwick.api")


def answer_evaluation(host: Asked, target: str, headers: AskHeaders, body: bytes) -> WireAnswer:
    """What is answered to `POST …/access/v1/evaluation`? Raises NotHeld in a thread that may not wait."""
    return _answer(host, target, headers, body, several=False)


def answer_evaluations(host: Asked, target: str, headers: AskHeaders, body: bytes) -> WireAnswer:
    """What is answered to `POST …/access/v1/evaluations`?"""
    return _answer(host, target, headers, body, several=True)


def answer_error(error: BailiwickError, headers: AskHeaders) -> WireAnswer:
    """What is answered where this went wrong, to a request with these headers?"""
    with identified(headers):
        answer = answer_of(error, challenge=INVALID_TOKEN if headers.authorization else CHALLENGE)
        answer[1].extend(echo(headers))
    return answer


def _answer(host: Asked, target: str, headers: AskHeaders, body: bytes, *, several: bool) -> WireAnswer:
    begun, asking = perf_counter(), None
    try:
        asked = parse_target(target)
        if asked.several is not several:
            raise NotFound("there is nothing at this address")
        asking = _enter(host, asked, headers)
        stale, content = _content(host, asking, asked, headers, body)
    except BailiwickError as error:
        host.counters.fail(type(error).code)
        return _of_account(answer_error(error, headers), asking)
    except NotHeld:
        raise
    except Exception:
        host.counters.fail(INTERNAL)
        with identified(headers):
            _logger.exception("an evaluation could not be answered")
            status, broken, content = internal_answer()
            return _of_account((status, [*broken, *echo(headers)], content), asking)
    (host.counters.several if several else host.counters.single).add(perf_counter() - begun)
    # WHY: the protocol and the framework's frame give an id to what brought none.
    if headers.request_id is None and headers.traceparent is None and stale is None:
        return 200, JSON_HEADERS, content
    return 200, [*JSON_HEADERS, *stale_headers(stale), *echo(headers)], content


def _of_account(answer: WireAnswer, asking: Asking | None) -> WireAnswer:
    """The same, of the account's revisions, where it is known who asks (rule 15.8)."""
    status, headers, content = answer
    return status, [*headers, *revision_headers(None if asking is None else asking.snapshot.vector)], content


def _enter(host: Asked, target: Target, headers: AskHeaders) -> Asking:
    """Who asks? Settled before the question is looked at. Raises BailiwickError."""
    check_authorization(headers)
    try:
        return begin_asking(host, headers.authorization, target.account, headers.address)
    except Unauthenticated:
        host.rates.charge_address(headers.address)
        raise


def _content(host: Asked, asking: Asking, target: Target, headers: AskHeaders, body: bytes) -> Stated:
    """Which body answers, and since when is it stale? Raises BailiwickError."""
    host.rates.charge(asking.session)
    check_headers(headers)
    stale, vector = asking.stale_since, asking.snapshot.vector
    answers = (
        answers_at(asking.session.account, vector) if stale is None else Answers(vector, format_since(stale))
    )
    if not target.several:
        return stale, _decided(asking, answers, parse_evaluation(body), explain=target.explain)
    asked = parse_evaluations(body)
    if not asked.evaluations:
        return stale, _decided(asking, answers, parse_evaluation(body), explain=target.explain)
    if target.explain and len(asked.evaluations) > MAX_EXPLAINED_EVALUATIONS:
        raise Invalid.at(
            "evaluations",
            f"expected at most {MAX_EXPLAINED_EVALUATIONS} evaluations to explain, got {len(asked.evaluations)}",
            "send several requests, or ask without `explain`",
        )
    host.rates.charge_more(asking.session, len(asked.evaluations) - 1)
    return stale, list_body(_each(asking, answers, asked, explain=target.explain))


def _decided(asking: Asking, answers: Answers, body: EvaluationBody, *, explain: bool) -> bytes:
    """Which answer does this one question get? Raises BailiwickError."""
    question = question_of(asking, body)
    if explain:
        return answers.explained(asking.explain(question), asking.judged_session(question))
    return answers.of(asking.decide(question))


def _each(
    asking: Asking, answers: Answers, asked: EvaluationsBody | PiecedEvaluationsBody, *, explain: bool
) -> Iterator[bytes]:
    """Which answers do the questions get, in their order, until the wanted semantic has seen enough?"""
    semantic = asked.options.evaluations_semantic
    for index in range(len(asked.evaluations)):
        allowed, content = _one_of_several(asking, answers, asked, index, explain=explain)
        yield content
        if semantic == DENY_ON_FIRST_DENY and not allowed:
            return
        if semantic == PERMIT_ON_FIRST_PERMIT and allowed:
            return


def _one_of_several(
    asking: Asking,
    answers: Answers,
    asked: EvaluationsBody | PiecedEvaluationsBody,
    index: int,
    *,
    explain: bool,
) -> tuple[bool, bytes]:
    """Is this one allowed, and what is said? Its failure is its own, and a denial."""
    try:
        body = parse_part(asked.evaluations[index], asked, f"evaluations[{index}]")
        question = question_of(asking, body)
        if explain:
            explanation = asking.explain(question)
            content = answers.explained(explanation, asking.judged_session(question))
            return explanation.decision.allowed, content
        decision = asking.decide(question)
        return decision.allowed, answers.of(decision)
    except BailiwickError as error:
        asking.host.counters.fail(type(error).code)
        return False, answers.error(status_of(error), detail_of(error))
    except NotHeld:
        raise
    except Exception:
        asking.host.counters.fail(INTERNAL)
        _logger.exception("one of several evaluations could not be answered")
        return False, answers.error(500, "the request could not be answered")


def question_of(asking: Asking, body: EvaluationBody) -> Question:
    """Which question does this body ask of the account? Raises Invalid."""
    resource, unresolved = find_resource(asking.snapshot.compiled, body.resource)
    subject, action, context = body.subject, body.action, body.context
    principal = ANONYMOUS if subject.type == subject.id == ANONYMOUS else f"{subject.type}:{subject.id}"
    judged = None
    if TOKEN in context:
        judged = asking.session_behind(context[TOKEN], principal, context.get("ip"))
        # SECURITY: a token is no part of the situation; no condition reads it and nothing keeps it.
        context = {name: value for name, value in context.items() if name != TOKEN}
        if judged is None:
            unresolved = Reason.SESSION_ENDED
    return Question(
        principal,
        action.name,
        resource,
        unresolved,
        said(context, "context") if context else NOTHING_SAID,
        said(action.properties, "action.properties") if action.properties else NOTHING_SAID,
        said(subject.properties, "subject.properties") if subject.properties else NOTHING_SAID,
        judged,
    )
