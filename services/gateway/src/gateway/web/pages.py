"""The routes of the pages and of their static files."""

from collections.abc import Sequence
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from common.clock import Clock
from common.contracts.directory import Branch, Network
from common.errors import Refused
from gateway.web import assets, languages, unsubscribing
from gateway.web.languages import Area, Language

LANGUAGE_COOKIE = "vinculo_language"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # A link to manage an appointment is a secret in the address: it must not leave by a referrer.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Directory(Protocol):
    """What the shells show without asking the API: so that they say something without JavaScript too."""

    async def networks(self) -> Sequence[Network]:
        """All networks of this installation, by name."""

    async def network(self, network_id: str) -> Network:
        """One network; raises `unknown-network`."""

    async def branches(self, network_id: str) -> Sequence[Branch]:
        """The network's active branches."""


class Parts(Protocol):
    """What the pages need of the gateway. `sandbox_url` is set in development only."""

    @property
    def clock(self) -> Clock:
        """Decides what "today" is on a page."""

    @property
    def public_directory(self) -> Directory:
        """The public directory."""

    @property
    def sandbox_url(self) -> str | None:
        """Where the provider sandbox shows the patients' phones."""


def mount(application: FastAPI, parts: Parts) -> None:
    """Add the pages and `/static` to the gateway's application."""
    pages = Pages(parts)
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", pages.home, methods=["GET"])
    router.add_api_route("/book/{network_id}", pages.book, methods=["GET"])
    router.add_api_route("/queue/{network_id}", pages.queue, methods=["GET"])
    router.add_api_route("/l/{token}", pages.manage, methods=["GET"])
    router.add_api_route("/o/{token}", pages.offer, methods=["GET"])
    router.add_api_route("/v/{token}", pages.visit, methods=["GET"])
    router.add_api_route("/l/{token}/unsubscribe", pages.unsubscribe, methods=["GET"])
    router.add_api_route("/login", pages.login, methods=["GET"])
    router.add_api_route("/desk", pages.desk, methods=["GET"])
    router.add_api_route("/schedule", pages.schedule, methods=["GET"])
    router.add_api_route("/day-close", pages.day_close, methods=["GET"])
    router.add_api_route("/patients/{patient_id}", pages.patient, methods=["GET"])
    router.add_api_route("/setup", pages.setup, methods=["GET"])
    router.add_api_route("/tasks", pages.tasks, methods=["GET"])
    router.add_api_route("/conversations", pages.conversations, methods=["GET"])
    router.add_api_route("/calls", pages.calls, methods=["GET"])
    router.add_api_route("/messages", pages.messages, methods=["GET"])
    router.add_api_route("/templates", pages.templates, methods=["GET"])
    router.add_api_route("/policies", pages.policies, methods=["GET"])
    application.include_router(router)
    application.include_router(unsubscribing.router)
    assets.mount(application)


class Pages:
    """One method per page: it chooses the language and renders a shell."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._templates = Environment(
            loader=PackageLoader("gateway.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["asset"] = assets.address
        self._templates.globals["own_names"] = languages.OWN_NAMES

    async def home(self, request: Request) -> Response:
        """The networks of this installation."""
        networks = await self._parts.public_directory.networks()
        return self._page(request, "home", "public", networks=networks, sandbox_url=self._parts.sandbox_url)

    async def book(self, request: Request, network_id: str) -> Response:
        """The booking widget of one network."""
        return await self._of_network(request, "book", network_id)

    async def queue(self, request: Request, network_id: str) -> Response:
        """The numbers of a branch: the board in its hall, and drawing one on the way there."""
        return await self._of_network(request, "queue", network_id)

    async def _of_network(self, request: Request, name: str, network_id: str) -> Response:
        try:
            network = await self._parts.public_directory.network(network_id)
        except Refused:
            return self._page(request, "missing", "public", status=404)
        branches = await self._parts.public_directory.branches(network_id)
        return self._page(
            request, name, "public", locales=network.locales, network=network, branches=branches
        )

    async def manage(self, request: Request, token: str) -> Response:
        """One appointment, by the link that its patient got; the API judges the token."""
        return self._page(request, "manage", "public", token=token)

    async def unsubscribe(self, request: Request, token: str) -> Response:
        """Opening the link ends nothing: mail programs open links by themselves."""
        del token
        return self._page(request, "unsubscribe", "public")

    async def offer(self, request: Request, token: str) -> Response:
        """A freed time that is held for somebody; the API judges the token."""
        return self._page(request, "offer", "public", token=token)

    async def visit(self, request: Request, token: str) -> Response:
        """One online visit, by the link to join it; the API judges the token."""
        return self._page(request, "visit", "public", token=token)

    async def login(self, request: Request) -> Response:
        """Staff log in."""
        return self._page(request, "login", "staff")

    async def desk(self, request: Request) -> Response:
        """The day board of a branch."""
        return self._page(request, "desk", "staff", section="desk")

    async def schedule(self, request: Request) -> Response:
        """Absences, the waitlist, referrals and other calendars."""
        return self._page(request, "schedule", "staff", section="schedule")

    async def day_close(self, request: Request) -> Response:
        """The close of a branch's day."""
        return self._page(request, "day_close", "staff", section="day-close")

    async def patient(self, request: Request, patient_id: str) -> Response:
        """Everything about one patient."""
        return self._page(request, "patient", "staff", section="desk", patient_id=patient_id)

    async def setup(self, request: Request) -> Response:
        """Branches, practitioners, services and rooms."""
        return self._page(request, "setup", "staff", section="setup")

    async def tasks(self, request: Request) -> Response:
        """The queue of things to do."""
        return self._page(request, "tasks", "staff", section="tasks")

    async def conversations(self, request: Request) -> Response:
        """Patients who wait for a person in a chat."""
        return self._page(request, "conversations", "staff", section="conversations")

    async def calls(self, request: Request) -> Response:
        """Whom to call about tomorrow."""
        return self._page(request, "calls", "staff", section="calls")

    async def messages(self, request: Request) -> Response:
        """How sending stands, and its brake."""
        return self._page(request, "messages", "staff", section="messages")

    async def templates(self, request: Request) -> Response:
        """How messages are worded."""
        return self._page(request, "templates", "staff", section="templates")

    async def policies(self, request: Request) -> Response:
        """When patients are written to."""
        return self._page(request, "policies", "staff", section="policies")

    def _page(
        self,
        request: Request,
        name: str,
        area: Area,
        *,
        locales: Sequence[str] | None = None,
        status: int = 200,
        **values: Any,
    ) -> Response:
        codes = languages.offered(area, locales or languages.AREAS[area])
        asked = request.query_params.get("lang")
        chosen = languages.language(
            area,
            languages.choose(
                codes, asked, request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
            ),
        )
        body = self._templates.get_template(f"{name}.html").render(
            page=name,
            t=chosen.text,
            language=chosen,
            languages=codes,
            here=_elsewhere(request),
            now=self._parts.clock.now().isoformat(),
            **values,
        )
        response = HTMLResponse(body, status_code=status, headers={**SECURITY_HEADERS, **_varies(chosen)})
        if asked == chosen.code:
            response.set_cookie(LANGUAGE_COOKIE, chosen.code, max_age=31_536_000, samesite="lax")
        return response


def _varies(language: Language) -> dict[str, str]:
    return {"Content-Language": language.code, "Vary": "Accept-Language, Cookie"}


def _elsewhere(request: Request) -> Any:
    """The address of this page in another language, with everything else of its query kept."""

    def in_language(code: str) -> str:
        return f"{request.url.path}?{request.url.include_query_params(lang=code).query}"

    return in_language


__all__ = ["Directory", "Parts", "mount"]
