"""What no page of the console may do, noticed on every page that a test opens.

An error in the browser's console (a violation of the content policy is one), a script that fails, a JavaScript dialog,
a request to another host, a file that is not there, an answer of 500 and above.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Error, Page, Request, Response

PAGES = {"document", "fetch", "xhr"}
"""What may be refused: a page, or a part of one. A style sheet, a script or a picture must be there."""
INSIDE = {"data", "blob", "about"}
LOADING = "Failed to load resource"


class Watch:
    """Watches all pages of one browser context that belong to this server."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.findings: list[str] = []
        self._host = urlsplit(address).netloc
        context.on("page", self._follow)

    def _follow(self, page: Page) -> None:
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)
        page.on("dialog", self._note_dialog)
        page.on("request", self._note_request)
        page.on("response", self._note_response)

    def _note_message(self, message: ConsoleMessage) -> None:
        # WHY: the browser also writes a line for every answer of 400 and above; those are judged one by one below.
        if message.type == "error" and not message.text.startswith(LOADING):
            self.findings.append(f"console: {message.text}")

    def _note_error(self, error: Error) -> None:
        self.findings.append(f"script: {error.message}")

    def _note_dialog(self, dialog: Dialog) -> None:
        self.findings.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in INSIDE and parts.netloc != self._host:
            self.findings.append(f"another host: {request.url}")

    def _note_response(self, response: Response) -> None:
        limit = 500 if response.request.resource_type in PAGES else 400
        if response.status >= limit:
            self.findings.append(f"answer {response.status}: {response.request.method} {response.url}")
