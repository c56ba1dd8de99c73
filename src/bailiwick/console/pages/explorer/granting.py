"""Grant exactly what is missing: shown once more with everything that it makes, then done as any change."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import VIA, Page
from bailiwick.console.pages.explorer.questions import (
    asked_form,
    asking_of,
    parameters,
    read_question,
)
from bailiwick.console.pages.explorer.showing import action_title, show_resource
from bailiwick.errors import Conflict
from bailiwick.service.asking import Question
from bailiwick.service.proposals.proposing import accept_proposal, find_proposals

PROPOSAL = "proposal"


def confirm(page: Page) -> Response:
    """What would be made, and what comes with it? Nothing is changed yet."""
    form = asked_form(page)
    question = _question(page, form)
    found = find_proposals(page.host, asking_of(page), question)
    wanted = page.asked(PROPOSAL)
    proposal = next((one for one in found.proposals if one.id == wanted), None)
    if proposal is None:
        raise Conflict(
            "the account has changed since this was proposed", "ask again, and look at what it is now"
        )
    return page.render(
        "explorer/grant.html",
        proposal=proposal,
        question=question,
        shown=show_resource(page, question.resource),
        title=action_title(page, question.action, question.resource.service),
        documents=proposal.documents(page.account),
        query=parameters(form),
        back=page.url("/explorer", **parameters(form)),
    )


def grant(page: Page) -> Response:
    """Make it so, if it is still what the question comes to. Raises Denied, Conflict."""
    question = _question(page, page.form)
    outcome = accept_proposal(page.host, page.session, question, page.form.text(PROPOSAL), via=VIA)
    return page.redirect(
        "/explorer",
        note="Granted: just this is allowed now.",
        revision=outcome.revision,
        **parameters(page.form),
    )


def _question(page: Page, form: Form) -> Question:
    return read_question(page, form, "who", "action", "resource")
