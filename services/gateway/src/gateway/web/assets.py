"""Static files, under an address that changes with their content, so that browsers may keep them for ever."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

FOLDER: Final = Path(__file__).parent / "static"


@cache
def digest() -> str:
    """Stands for the content of all static files: modules import each other, so they change as one."""
    content = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            content.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds a static file."""
    return f"/static/{digest()}/{name}"


def mount(application: FastAPI) -> None:
    """Serve the files at `/static/<digest>/<name>`.

    Another digest (a page of the release before, or of the next replica) gets today's file, not to be kept.
    """
    files = StaticFiles(directory=FOLDER)
    digest()  # read now, so that nobody's first page waits for it

    async def static(request: Request, version: str, name: str) -> Response:
        response = await files.get_response(name, request.scope)
        current = version == digest()
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    application.add_api_route(
        "/static/{version}/{name:path}", static, methods=["GET", "HEAD"], include_in_schema=False
    )
