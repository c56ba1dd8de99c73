"""The OpenAPI document, and a page that shows it: own HTML, no script, nothing from elsewhere.

WHY not the framework's page: it loads scripts from a content network, which an installation without internet does not
reach and which nobody here can vouch for.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, public

_REASON = "describes the interface, nothing of any account"
_METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem; padding: 1rem 1.5rem 4rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886; }
nav a { margin-right: 1rem; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
summary code { font-weight: 600; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883; }
""".strip()
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"


def page_entries(document: Callable[[], Mapping[str, Any]]) -> list[Entry]:
    """Which routes show the interface? `document` makes the OpenAPI document."""

    def show_document(call: Call) -> Response:
        return json_response(document())

    def show_page(call: Call) -> Response:
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse("".join(render(document())), headers=headers)

    return [
        Entry("GET", "/openapi.json", show_document, public(_REASON), "The OpenAPI document", "pages",
              answers={200: ""}),
        Entry("GET", "/docs", show_page, public(_REASON), "The interface, as a page", "pages",
              answers={200: "Html"}),
    ]  # fmt: skip


def render(document: Mapping[str, Any]) -> Iterator[str]:
    """Which HTML shows this OpenAPI document?"""
    title = escape(str(document["info"]["title"]))
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: interface</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1><p>{escape(str(document['info'].get('description', '')))} "
    yield 'The same as data: <a href="openapi.json">openapi.json</a>.</p>'
    sections = _sections(document)
    links = (f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in sections)
    yield f"<nav>{' '.join(links)}</nav>"
    for tag, operations in sections.items():
        yield f'<h2 id="{escape(tag)}">{escape(tag)}</h2>'
        for method, path, operation in operations:
            yield from _operation(method, path, operation)
    yield '<h2 id="shapes">shapes</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)
    yield "</body></html>"


def _sections(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                tag = operations[method].get("tags", ["other"])[0]
                found.setdefault(tag, []).append((method.upper(), path, operations[method]))
    return found


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details><summary><span class="method">{method}</span> <code>{escape(path)}</code> '
    yield f"{escape(str(operation.get('summary', '')))}</summary>"
    yield f"<p>{escape(str(operation.get('description', '')))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>"
        for one in parameters:
            meaning = escape(str(one.get("description", "")))
            yield f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td><td>{meaning}</td></tr>"
        yield "</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: {_link(content['schema'])} as <code>{escape(kind)}</code></p>"
    for status, answer in operation.get("responses", {}).items():
        shapes = [_link(one["schema"]) for one in answer.get("content", {}).values() if "schema" in one]
        yield f"<p><code>{escape(str(status))}</code> {escape(answer['description'])} {' '.join(shapes)}</p>"
    yield "</details>"


def _link(schema: Mapping[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#shape-{escape(name)}">{escape(name)}</a>' if name else ""


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details id="shape-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
    yield f"<p>{escape(str(schema.get('description', '')))}</p>"
    properties = schema.get("properties", {})
    if properties:
        required = set(schema.get("required", ()))
        yield "<table><tr><th>field</th><th>type</th><th></th></tr>"
        for field, inner in properties.items():
            need = "required" if field in required else ""
            yield f"<tr><td><code>{escape(field)}</code></td><td>{_type(inner)}</td><td>{need}</td></tr>"
        yield "</table>"
    yield "</details>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return escape(f"{words} ({schema['format']})" if "format" in schema else words)
