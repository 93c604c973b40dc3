"""What was accepted stays known, through a kill -9, and what was sent twice shows."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from common.testing import PATIENCE
from devkit.embedded.ports import free
from devkit.sandbox.journal import Journal
from devkit.sandbox.testing import (
    APP_SECRET,
    SMS_AUTH_TOKEN,
    Gateway,
    eventually,
    gateway,
    sandbox,
    settings_for,
)

PHONE = "+77010000001"
TEMPLATE = {
    "messaging_product": "whatsapp",
    "type": "template",
    "template": {"name": "x", "language": {"code": "ru"}, "components": []},
}


@asynccontextmanager
async def process(
    folder: Path, clinic: Gateway
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    port, smtp_port = free(2)
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "devkit.sandbox.app",
        env=os.environ
        | {
            "VINCULO_ENV": "development",
            "SANDBOX_HTTP_PORT": str(port),
            "SANDBOX_SMTP_PORT": str(smtp_port),
            "SANDBOX_NATS_URL": "",
            "SANDBOX_EXPECTED": "",
            "SANDBOX_LEDGER": str(folder / "ledger.jsonl"),
            "SANDBOX_WHATSAPP_APP_SECRET": APP_SECRET,
            "SANDBOX_WHATSAPP_CALLBACK": f"{clinic.url}/webhooks/whatsapp/{{account}}",
            "SANDBOX_SMS_AUTH_TOKEN": SMS_AUTH_TOKEN,
        },
    )
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE
    ) as http:

        async def answers() -> bool:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await eventually(answers)
            yield running, http
        finally:
            if running.returncode is None:
                running.kill()
            await running.wait()


async def send(http: httpx.AsyncClient, reference: str) -> str | None:
    """The reference, if the sandbox said that it accepted."""
    try:
        answer = await http.post(
            "/whatsapp/v23.0/demo-kz/messages",
            json=TEMPLATE | {"to": PHONE, "biz_opaque_callback_data": reference},
            headers={"Authorization": "Bearer token"},
        )
    except httpx.TransportError:
        return None
    return reference if answer.status_code == 200 else None


async def test_nothing_that_was_answered_is_lost_by_a_kill(tmp_path: Path):
    async with gateway() as clinic:
        async with process(tmp_path, clinic) as (running, http):
            sends = [asyncio.create_task(send(http, f"step-{n}")) for n in range(300)]
            await eventually(lambda: sum(task.done() for task in sends) > 60)
            running.send_signal(signal.SIGKILL)
            answered = {reference for reference in await asyncio.gather(*sends) if reference}
        assert len(answered) > 50

        async with process(tmp_path, clinic) as (_, http):
            entries = (await http.get("/ledger", params={"limit": 1000})).json()["entries"]
            shown = (await http.get(f"/phones/{PHONE}/messages")).json()["messages"]
            kept = [entry["reference"] for entry in entries]
            assert answered <= set(kept)
            assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
            assert [message["reference"] for message in shown] == kept

            def reported() -> bool:
                told = {(each["biz_opaque_callback_data"], each["status"]) for each in clinic.statuses()}
                return told >= {(reference, state) for reference in kept for state in ("sent", "delivered")}

            await eventually(reported)


async def test_the_clock_stands_after_a_kill_where_it_stood(tmp_path: Path):
    async with gateway() as clinic:
        async with process(tmp_path, clinic) as (running, http):
            await http.post("/clock", json={"now": "2031-01-01T00:00:00Z"})
            running.send_signal(signal.SIGKILL)
            await running.wait()
        async with process(tmp_path, clinic) as (_, http):
            assert (await http.get("/clock")).json() == {"now": "2031-01-01T00:00:00Z", "frozen": True}


async def test_a_reply_that_waits_for_the_gateway_outlives_a_restart(tmp_path: Path):
    async with gateway() as clinic:
        clinic.answers = 503
        async with sandbox(settings_for(tmp_path, clinic, reply_seconds=0.05)) as provider:
            await provider.template(PHONE, "text")
            await provider.http.post(f"/phones/{PHONE}/replies", json={"channel": "whatsapp", "text": "да"})
        clinic.answers = 200
        async with sandbox(settings_for(tmp_path, clinic)) as provider:
            await eventually(lambda: clinic.heard() and len(clinic.statuses()) == 2)

            async def known_as_taken() -> bool:
                everything = await provider.messages(PHONE, all=True)
                return [(each["direction"], each["status"]) for each in everything] == [
                    ("in", "delivered"),
                    ("out", "delivered"),
                ]

            await eventually(known_as_taken)
        settled = clinic.posts
        async with sandbox(settings_for(tmp_path, clinic)) as provider:
            await provider.http.post("/clock", json={"advance": "PT1M"})
        assert clinic.posts == settled, "what was taken is not told again"


async def test_a_registered_template_outlives_a_restart(tmp_path: Path):
    registered = {
        "name": "reminder",
        "language": "ru",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Ждём вас {{1}}"}],
    }
    headers = {"Authorization": "Bearer token"}
    async with sandbox(settings_for(tmp_path)) as provider:
        made = await provider.http.post(
            "/whatsapp/v23.0/w/message_templates", json=registered, headers=headers
        )
        change = {"components": [{"type": "BODY", "text": "Приходите {{1}}"}]}
        edited = await provider.http.post(
            f"/whatsapp/v23.0/{made.json()['id']}", json=change, headers=headers
        )
        assert edited.json() == {"success": True}
    async with sandbox(settings_for(tmp_path)) as provider:
        listed = (await provider.http.get("/whatsapp/v23.0/w/message_templates", headers=headers)).json()[
            "data"
        ]
        assert [(each["name"], each["status"]) for each in listed] == [("reminder", "APPROVED")]
        body = {"type": "body", "parameters": [{"type": "text", "text": "в 10:00"}]}
        sent = {"name": "reminder", "language": {"code": "ru"}, "components": [body]}
        await provider.whatsapp({"to": PHONE, "type": "template", "template": sent})
        assert (await provider.messages(PHONE))[0]["text"] == "Приходите в 10:00"


async def test_the_same_reference_sent_twice_is_there_twice_and_named(tmp_path: Path):
    async with sandbox(settings_for(tmp_path)) as provider:
        for reference in ("step-1", "step-2", "step-1"):
            await provider.template(PHONE, "text", reference=reference)

        assert [entry["reference"] for entry in await provider.ledger()] == ["step-1", "step-2", "step-1"]
        assert (await provider.http.get("/ledger/repeated")).json()["repeated"] == [
            {"channel": "whatsapp", "to": PHONE, "reference": "step-1", "times": 2}
        ]


async def test_the_ledger_is_read_in_pages(tmp_path: Path):
    async with sandbox(settings_for(tmp_path)) as provider:
        for number in range(5):
            await provider.template(PHONE, str(number))

        first = (await provider.http.get("/ledger", params={"limit": 3})).json()
        rest = (await provider.http.get("/ledger", params={"after": first["next"], "limit": 3})).json()

        assert [entry["text"] for entry in first["entries"] + rest["entries"]] == list("01234")
        assert (first["next"], rest["next"], rest["total"]) == (3, None, 5)


async def test_a_line_torn_by_a_crash_is_cut_off(tmp_path: Path):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b'{"seq":1,"id":"a"}\n{"seq":2,"id"')
    journal = Journal(path, numbered=True)
    assert list(journal.load()) == [{"seq": 1, "id": "a"}]

    async with journal:
        assert await journal.append({"id": "b"}) == 2

    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [
        {"seq": 1, "id": "a"},
        {"seq": 2, "id": "b"},
    ]


async def test_a_disk_that_is_full_refuses_without_leaving_half_a_line(tmp_path: Path, monkeypatch):
    path = tmp_path / "ledger.jsonl"
    journal = Journal(path, numbered=True)
    write = os.write

    def full(file: int, data: memoryview) -> int:
        write(file, data[:5])
        raise OSError(28, "No space left on device")

    async with journal:
        await journal.append({"id": "a"})
        monkeypatch.setattr(os, "write", full)
        try:
            await journal.append({"id": "lost"})
        except OSError as error:
            refusal = error
        monkeypatch.setattr(os, "write", write)
        await journal.append({"id": "b"})

    assert refusal.errno == 28
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [
        {"seq": 1, "id": "a"},
        {"seq": 2, "id": "b"},
    ]
