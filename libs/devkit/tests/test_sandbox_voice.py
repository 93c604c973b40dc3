"""Calls: the clinic's to a phone, told what to say turn by turn; and a phone's to the clinic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi import FastAPI, Request, Response

from devkit.sandbox.testing import (
    ACCOUNT_SID,
    Gateway,
    Sandbox,
    eventually,
    gateway,
    sandbox,
    serving,
    settings_for,
)

PHONE = "+77010000001"
ASK = '<Response><Gather timeout="8" action="{url}?step={step}"><Say language="ru-RU">{said}</Say></Gather></Response>'
END = "<Response><Say>До свидания</Say><Hangup/></Response>"


@dataclass
class Clinic:
    """What the clinic says on the telephone, turn by turn; and what it was told."""

    url: str = ""
    says: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/say", self._say, methods=["POST"])
        return app

    async def _say(self, request: Request) -> Response:
        self.asked.append(dict(parse_qsl((await request.body()).decode(), keep_blank_values=True)))
        said = self.says.pop(0) if self.says else END
        document = said if said.startswith("<") else ASK.format(url=f"{self.url}/say", step=1, said=said)
        return Response(document, media_type="text/xml")


@dataclass
class Line:
    provider: Sandbox
    gateway: Gateway
    clinic: Clinic

    async def call(self, **more: str) -> str:
        form = {
            "To": PHONE,
            "From": "demo-kz",
            "Url": f"{self.clinic.url}/say?ref=step-1",
            "StatusCallback": f"{self.gateway.url}/webhooks/voice/demo-kz?ref=step-1",
            **more,
        }
        path = f"/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
        answer = await self.provider.http.post(path, data=form, auth=(ACCOUNT_SID, "token"))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    async def shown(self) -> dict[str, Any]:
        return (await self.provider.messages(PHONE, all=True))[-1]

    async def heard(self) -> bool:
        """Whether the phone heard something: from then on a call that asks for a key waits for it."""
        return bool((await self.shown())["text"])

    def states(self) -> list[str]:
        forms = [dict(parse_qsl(one.body.decode())) for one in self.gateway.received["voice"]]
        return [form["CallStatus"] for form in forms]


@asynccontextmanager
async def speaking(folder: Path, *says: str) -> AsyncIterator[Line]:
    clinic = Clinic(says=list(says))
    async with (
        serving(clinic.app()) as url,
        gateway() as stand_in,
        sandbox(settings_for(folder, stand_in)) as provider,
    ):
        clinic.url = url
        yield Line(provider, stand_in, clinic)


async def test_a_call_is_picked_up_and_heard_and_waits_for_a_key(tmp_path: Path):
    async with speaking(tmp_path, "Нажмите один") as line:
        sid = await line.call()
        await eventually(line.heard)
        await eventually(lambda: len(line.states()) == 2)
        assert line.states() == ["ringing", "in-progress"]
        shown = await line.shown()
        assert (shown["channel"], shown["text"], shown["reference"]) == ("voice", "Нажмите один", "step-1")
        assert [button["title"] for button in shown["buttons"]] == ["1", "2", "3", "0"]

        answer = await line.provider.reply(PHONE, channel="voice", digits="1")
        assert answer.json() == {"id": sid, "state": "taken"}
        assert line.clinic.asked[-1]["Digits"] == "1"
        assert (await line.shown())["text"] == "Нажмите один\nДо свидания"
        await eventually(lambda: line.states()[-1] == "completed")
        assert line.gateway.refused == []


async def test_silence_is_told_when_the_clock_has_passed_the_time_for_a_key(tmp_path: Path):
    async with speaking(tmp_path, "Нажмите один", "Нажмите один") as line:
        await line.call()
        await eventually(lambda: line.clinic.asked)
        await line.provider.http.post("/clock", json={"advance": "PT1M"})
        await eventually(lambda: line.states()[-1:] == ["completed"])
        assert [form.get("Digits") for form in line.clinic.asked] == [None, "", ""]


async def test_nobody_can_press_keys_where_no_call_is(tmp_path: Path):
    async with speaking(tmp_path) as line:
        answer = await line.provider.reply(PHONE, channel="voice", digits="1")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "no-call")


async def test_a_call_that_is_not_taken_says_nothing(tmp_path: Path):
    async with speaking(tmp_path) as line:
        await line.provider.fault("undelivered", channel="voice", count=1)
        await line.call()
        await eventually(lambda: len(line.states()) == 2)
        assert line.states() == ["ringing", "no-answer"]
        assert line.clinic.asked == []
        await line.provider.fault("undelivered", channel="voice", count=1, code=486)
        await line.call()
        await eventually(lambda: line.states()[-1] == "busy")


async def test_a_clinic_that_asks_for_ever_is_hung_up_on(tmp_path: Path):
    async with speaking(tmp_path, *["Ещё раз"] * 20) as line:
        await line.call()
        await eventually(line.heard)
        for _ in range(11):
            assert (await line.provider.reply(PHONE, channel="voice", digits="9")).is_success
        await eventually(lambda: line.states()[-1] == "completed")


async def test_what_was_said_is_there_after_a_crash(tmp_path: Path):
    async with speaking(tmp_path, END) as line:
        await line.call()
        await eventually(lambda: line.states()[-1:] == ["completed"])
    async with sandbox(settings_for(tmp_path)) as again:
        assert [one["text"] for one in await again.messages(PHONE)] == ["До свидания"]


@pytest.mark.parametrize(
    ("until", "states"),
    [
        ("ringing", ["ringing"]),
        ("answered", ["ringing", "in-progress"]),
        ("ended", ["ringing", "in-progress", "completed"]),
        ("missed", ["ringing", "no-answer"]),
    ],
)
async def test_a_phone_calls_the_clinic_as_far_as_is_asked(tmp_path: Path, until: str, states: list[str]):
    async with speaking(tmp_path) as line:
        order = {"account": "demo-kz", "to": "+77272000000", "until": until}
        answer = await line.provider.http.post(f"/phones/{PHONE}/calls", json=order)
        assert answer.status_code == 201, answer.text
        assert line.states() == states
        first = dict(parse_qsl(line.gateway.received["voice"][0].body.decode()))
        assert (first["From"], first["To"], first["Direction"]) == (PHONE, "+77272000000", "inbound")
        assert line.gateway.refused == []


async def test_a_call_to_the_clinic_goes_on_later(tmp_path: Path):
    async with speaking(tmp_path) as line:
        rung = await line.provider.http.post(f"/phones/{PHONE}/calls", json={"account": "demo-kz"})
        await line.provider.http.post(f"/phones/{PHONE}/calls/{rung.json()['id']}", json={"until": "ended"})
        assert line.states() == ["ringing", "in-progress", "completed"]
