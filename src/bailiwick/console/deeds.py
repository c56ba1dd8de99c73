"""A form that waits until its sender has proved who they are: kept in the page that asks for the proof.

SECURITY: encrypted under a key of this installation, for one visit and one address only; nobody else can make, read or
send it, and what was typed is neither lost nor kept on the server.
"""

from __future__ import annotations

import hmac
import json
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.console.forms import Form
from bailiwick.errors import Denied

if TYPE_CHECKING:
    from bailiwick.console.page import Page

DEED = "deed"
SECONDS = 900
_PURPOSE = b"bailiwick console deeds 1"
_NONCE = 12


def seal_deed(page: Page, form: Form) -> str:
    """Which text keeps this form of this very page?"""
    said = json.dumps({"until": page.host.now() + SECONDS, "fields": form.fields}).encode()
    nonce = os.urandom(_NONCE)
    sealed = _cipher(page).encrypt(nonce, zlib.compress(said), _bound_to(page))
    return urlsafe_b64encode(nonce + sealed).decode()


def open_deed(page: Page, text: str) -> Form:
    """Which form does the text keep? Raises Denied where it was kept for another visit or address, or too long ago."""
    try:
        data = urlsafe_b64decode(text.encode())
        opened = _cipher(page).decrypt(data[:_NONCE], data[_NONCE:], _bound_to(page))
    except (ValueError, InvalidTag):
        raise _not_kept() from None
    kept = json.loads(zlib.decompress(opened))
    if page.host.now() >= kept["until"]:
        raise _not_kept()
    return Form(tuple((name, value) for name, value in kept["fields"]))


def _cipher(page: Page) -> AESGCM:
    return AESGCM(hmac.digest(page.host.cursor_secret(), _PURPOSE, sha256))


def _bound_to(page: Page) -> bytes:
    return json.dumps([page.visit.uid, page.request.url.path, page.request.url.query]).encode()


def _not_kept() -> Denied:
    return Denied(
        "what you sent before was not kept, or for too long",
        action="",
        reason="forged_form",
        help="open the page again and send the form from there",
    )
