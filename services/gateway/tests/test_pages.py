"""The pages as documents: what a shell says, in which language, under which headers; and that no text is missing."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from common.clock import Clock
from common.contracts.directory import Address, Branch, Network
from common.errors import UnknownThing
from gateway.web import assets, languages, pages

NETWORKS = {
    "almaty": Network(
        network_id="almaty",
        name="Клиника <Нур>",
        country="KZ",
        locales=["ru", "kk", "en"],
        currency="KZT",
        preset="kz",
    ),
    "tehran": Network(
        network_id="tehran",
        name="لبخند",
        country="IR",
        locales=["fa", "en"],
        currency="IRR",
        preset="ir-dental",
    ),
}
BRANCH = Branch(
    branch_id=UUID(int=1),
    name="Центральный",
    zone="Asia/Almaty",
    locale="ru",
    address=Address(city="Алматы", street="Абая, 10"),
    phone="+77270000000",
    hours=[],
)


class KnownNetworks:
    async def networks(self) -> Sequence[Network]:
        return list(NETWORKS.values())

    async def network(self, network_id: str) -> Network:
        if network_id not in NETWORKS:
            raise UnknownThing("network")
        return NETWORKS[network_id]

    async def branches(self, network_id: str) -> Sequence[Branch]:
        return [BRANCH]


@dataclass(frozen=True)
class Parts:
    clock: Clock
    public_directory: KnownNetworks
    sandbox_url: str | None


def client_of(sandbox_url: str | None = None) -> httpx.AsyncClient:
    clock = Clock()
    clock.put(datetime(2026, 11, 20, 9, tzinfo=UTC))
    application = FastAPI()
    pages.mount(application, Parts(clock, KnownNetworks(), sandbox_url))
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://clinic.test")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of() as one:
        yield one


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


EVERY_PAGE = [
    "/",
    "/book/almaty",
    "/l/token",
    "/login",
    "/desk",
    "/schedule",
    "/day-close",
    "/patients/1",
    "/setup",
    "/tasks",
    "/conversations",
    "/calls",
    "/messages",
    "/templates",
    "/policies",
]


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_a_page_allows_scripts_and_styles_of_its_own_only(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    for tag, attributes in elements(response.text):
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (
            tag,
            attributes,
        )
        if tag == "script":
            inert = attributes.get("type") == "application/json"
            assert inert or (attributes.get("src") or "").startswith("/static/")
        for address in (attributes.get("src"), attributes.get("href") if tag == "link" else None):
            assert address is None or address.startswith("/static/")


@pytest.mark.parametrize("path", EVERY_PAGE)
async def test_everything_that_a_page_refers_to_is_there(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    for _, attributes in elements(page.text):
        for address in (attributes.get("src"), attributes.get("href")):
            if address and address.startswith("/static/"):
                assert (await client.get(address)).status_code == 200, address


async def test_names_from_the_directory_are_text_and_never_markup(client: httpx.AsyncClient) -> None:
    page = await client.get("/book/almaty")
    assert "Клиника &lt;Нур&gt;" in page.text
    assert "<Нур>" not in page.text


async def test_a_persian_page_reads_from_right_to_left(client: httpx.AsyncClient) -> None:
    page = await client.get("/book/tehran")
    assert ("html", {"lang": "fa", "dir": "rtl", "data-now": "2026-11-20T09:00:00+00:00"}) in elements(
        page.text
    )


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, "ru"),
        ({"accept-language": "kk-KZ,ru;q=0.5"}, "kk"),
        ({"accept-language": "de, en;q=0.7, ru;q=0.9"}, "ru"),
        ({"accept-language": "fa"}, "ru"),
        ({"accept-language": "ru", "cookie": "vinculo_language=en"}, "en"),
        ({"accept-language": "en;q=nonsense,,;;"}, "ru"),
    ],
)
async def test_a_visitor_gets_the_language_asked_for_where_the_network_speaks_it(
    client: httpx.AsyncClient, wishes: dict[str, str], expected: str
) -> None:
    page = await client.get("/book/almaty", headers=wishes)
    assert page.headers["content-language"] == expected


async def test_the_language_switch_keeps_the_rest_of_the_address_and_is_remembered(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/book/almaty?service=7&lang=kk")
    links = [attributes for tag, attributes in elements(page.text) if attributes.get("data-language") == "en"]
    assert [one["href"] for one in links] == ["/book/almaty?service=7&lang=en"]
    assert page.cookies["vinculo_language"] == "kk"


async def test_without_javascript_the_booking_page_gives_the_phones(client: httpx.AsyncClient) -> None:
    page = await client.get("/book/almaty")
    without = page.text.split("<noscript>")[1].split("</noscript>")[0]
    assert 'href="tel:+77270000000"' in without


async def test_a_network_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    page = await client.get("/book/nowhere")
    assert page.status_code == 404
    assert "text/html" in page.headers["content-type"]


async def test_the_start_page_points_to_the_sandbox_in_development_only() -> None:
    async with client_of("http://127.0.0.1:8090") as development, client_of(None) as production:
        assert "http://127.0.0.1:8090" in (await development.get("/")).text
        assert "sandbox" not in (await production.get("/")).text


async def test_static_files_are_kept_for_ever_under_the_address_of_their_content(
    client: httpx.AsyncClient,
) -> None:
    now = await client.get(assets.address("book.js"))
    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert now.headers["content-type"].startswith("text/javascript")
    before = await client.get("/static/0000/book.js")
    assert (before.content, before.headers["cache-control"]) == (now.content, "no-cache")


@pytest.mark.parametrize("name", ["missing.js", "..%2fpages.py", "%2e%2e%2fpages.py"])
async def test_nothing_but_static_files_is_served(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(f"/static/{assets.digest()}/{name}")
    assert response.status_code == 404


# --- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", list(languages.AREAS))
def test_every_language_of_an_area_has_the_same_texts_with_the_same_values(area: languages.Area) -> None:
    first, *others = (languages.language(area, code) for code in languages.AREAS[area])
    for other in others:
        assert other.texts.keys() == first.texts.keys(), other.code
        for key, text in other.texts.items():
            assert text.strip(), (other.code, key)
            assert slots_of(text) == slots_of(first.texts[key]), (other.code, key)


def slots_of(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


PAGES: dict[str, languages.Area] = {
    "book.js": "public",
    "manage.js": "public",
    "login.js": "staff",
    "desk.js": "staff",
    "day_close.js": "staff",
    "schedule.js": "staff",
    "patient.js": "staff",
    "setup.js": "staff",
    "tasks.js": "staff",
    "conversations.js": "staff",
    "calls.js": "staff",
    "messages.js": "staff",
    "templates.js": "staff",
    "policies.js": "staff",
}


def modules_of(page: str) -> dict[str, str]:
    """A page's module and whatever it imports."""
    found: dict[str, str] = {}
    ahead = [page]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = (assets.FOLDER / name).read_text(encoding="utf-8")
            ahead += re.findall(r'from "\./([\w.]+)"', found[name])
    return found


@pytest.mark.parametrize("page", list(PAGES))
def test_every_text_that_a_page_shows_exists(page: str) -> None:
    area = PAGES[page]
    texts = languages.language(area, languages.AREAS[area][0]).texts
    missing = []
    for name, source in modules_of(page).items():
        missing += [(name, key) for key in re.findall(r'\bt\("([^"]+)"', source) if key not in texts]
        for beginning, end in re.findall(r"\bt\(`([^`$]*)\$\{[^}]*\}([^`]*)`", source):
            if name != "texts.js" and not any(
                key.startswith(beginning) and key.endswith(end) for key in texts
            ):
                missing.append((name, beginning + "…" + end))
    assert missing == []


def test_every_part_of_a_text_family_exists() -> None:
    """Texts whose key is put together from a contract's words have one for each of them."""
    from typing import get_args

    from common.contracts.booking import EntryKind, PaymentMethod, Status
    from common.contracts.notifications import Outcome
    from common.contracts.patient_profile import Channel, TaskKind

    staff = languages.language("staff", "ru").texts
    public = languages.language("public", "ru").texts
    wanted = {
        *(f"status_{one}" for one in get_args(Status)),
        *(f"message_{one}" for one in (*get_args(Outcome), "none", "unknown")),
        *(f"channel_{one}" for one in get_args(Channel)),
        *(f"kind_{one}" for one in get_args(TaskKind)),
        *(f"entry_{one}" for one in get_args(EntryKind)),
        *(f"method_{one}" for one in get_args(PaymentMethod)),
    }
    assert wanted - staff.keys() == set()
    assert {f"status_{one}" for one in get_args(Status)} - public.keys() == set()


def test_the_texts_that_go_into_a_page_cannot_end_its_script_element() -> None:
    for area, codes in languages.AREAS.items():
        for code in codes:
            assert "</" not in json.dumps(languages.language(area, code).texts)


def test_what_a_script_imports_its_module_exports() -> None:
    """A browser refuses the whole page where one name is missing."""
    static = Path(assets.__file__).parent / "static"
    exports = {
        script.name: set(
            re.findall(
                r"^export (?:async )?(?:function|const|let|class) ([\w$]+)", script.read_text(), re.MULTILINE
            )
        )
        for script in static.glob("*.js")
    }
    for script in static.glob("*.js"):
        for names, module in re.findall(
            r"^import \{([^}]+)\} from \"\./(\w+\.js)\"", script.read_text(), re.MULTILINE
        ):
            wanted = {one.split(" as ")[0].strip() for one in names.split(",") if one.strip()}
            assert wanted <= exports[module], f"{script.name} wants {wanted - exports[module]} of {module}"
