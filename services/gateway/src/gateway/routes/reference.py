"""The API's description: OpenAPI as JSON, and a page made of it that needs nothing from elsewhere."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_SHOWN_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """Every call, with what it takes and answers."""
    return HTMLResponse(_page(request.app.openapi()))


def _page(api: dict[str, Any]) -> str:
    areas: dict[str, list[str]] = {}
    for path, operations in api["paths"].items():
        for method in _SHOWN_METHODS:
            operation = operations.get(method)
            if operation is not None:
                area = (operation.get("tags") or ["other"])[0]
                areas.setdefault(area, []).append(_operation(method, path, operation, api))
    sections = "".join(f"<h2>{escape(area.capitalize())}</h2>{''.join(rows)}" for area, rows in areas.items())
    title = escape(api["info"]["title"])
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{title}</title><h1>{title}</h1><p>{escape(api['info'].get('description', ''))}</p>"
        f"<p><a href='/api/v1/openapi.json'>OpenAPI</a></p>{sections}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], api: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{'required' if one.get('required') else ''}<td>{escape(_type(one.get('schema', {})))}</tr>"
        for one in operation.get("parameters", [])
    )
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for name, field in _fields(schema, api).items():
        rows += f"<tr><td><code>{escape(name)}</code><td>body<td><td>{escape(_type(field))}</tr>"
    table = f"<table>{rows}</table>" if rows else ""
    text = escape(operation.get("description", operation.get("summary", "")))
    return f"<details><summary><code>{method.upper()} {escape(path)}</code></summary><p>{text}</p>{table}</details>"


def _fields(schema: dict[str, Any], api: dict[str, Any]) -> dict[str, Any]:
    for option in (schema, *schema.get("anyOf", ())):
        reference = option.get("$ref", "")
        if reference:
            found = api["components"]["schemas"][reference.rsplit("/", 1)[-1]]
            fields: dict[str, Any] = found.get("properties", {})
            return fields
    return {}


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind, form = str(schema.get("type", "any")), schema.get("format")
    return f"{kind} ({form})" if form else kind
