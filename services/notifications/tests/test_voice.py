"""Voice on the wire: orders to call, what their answers mean, what is said, and which key means what."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from xml.etree import ElementTree as ET

import httpx
import pytest

from common.contracts.directory import Locale
from common.ids import new_id
from common.testing import PATIENCE
from devkit.sandbox.testing import ACCOUNT_SID, gateway, sandbox, settings_for
from notifications.channels import Accepted, Letter, NotReached, Refused, TooMany, Unsure
from notifications.channels.voice import SPOKEN, Voice, document
from notifications.rules import speech
from notifications.rules.keypad import MOST_WRONG_KEYS, Standing, pressed
from notifications.rules.speech import Speech
from notifications.rules.texts import Text
from notifications.templates import texts
from notifications.templates.spoken import spoken

from .kits import giving_up

PHONE = "+77010000001"
ASKED = Standing("asked")


def letter(to: str = PHONE) -> Letter:
    return Letter(str(new_id()), "demo-kz", to, "confirm-request", Text(("Здравствуйте!",), "ru"))


@pytest.fixture
async def line(tmp_path):
    async with (
        gateway() as stand_in,
        sandbox(settings_for(tmp_path, stand_in)) as provider,
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
    ):
        yield Voice(client, f"{provider.url}/twilio", ACCOUNT_SID, "token", stand_in.url), provider


async def test_an_order_to_call_is_accepted_under_our_reference(line):
    voice, provider = line
    sent = letter()
    outcome = await voice.send(sent)
    assert isinstance(outcome, Accepted)
    (entry,) = await provider.ledger()
    assert (entry["channel"], entry["to"], entry["reference"]) == ("voice", PHONE, sent.reference)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("429", TooMany(None)), ("500", Unsure("http-500"))],
)
async def test_an_answer_of_the_telephony_means_this(line, fault, outcome):
    voice, provider = line
    await provider.fault(fault, channel="voice", count=1)
    assert await voice.send(letter()) == outcome


async def test_a_telephony_that_does_not_answer_may_have_the_order(line):
    voice, provider = line
    await provider.fault("timeout_after", channel="voice", count=1)
    with giving_up(voice._client):
        assert await voice.send(letter()) == Unsure("ReadTimeout")


async def test_a_number_that_cannot_be_called_is_refused(line):
    assert await line[0].send(letter("+0")) == Refused("voice-21211")


async def test_a_telephony_that_is_not_there_was_not_reached():
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        voice = Voice(client, "http://127.0.0.1:1", ACCOUNT_SID, "token", "https://clinic.example")
        assert await voice.send(letter()) == NotReached()


async def test_a_look_up_is_sure_only_of_calls_that_were_never_made(line):
    voice, _ = line
    sent, since = letter(), datetime.now(UTC) - timedelta(minutes=1)
    assert await voice.find(sent, since) is None
    await voice.send(letter())
    assert await voice.find(sent, since) == "cannot-tell", "it may be another's to the same phone"


def test_what_is_said_is_never_markup():
    said = ET.fromstring(
        document(Speech(("Dr. <b> & Co",), asks=True), "en", next_url="https://a/?ref=1&step=2")
    )
    assert said.findtext(".//Say") == "Dr. <b> & Co"
    gather = said.find("Gather")
    assert gather is not None
    assert gather.get("action") == "https://a/?ref=1&step=2"


@pytest.mark.parametrize("locale", get_args(Locale))
def test_every_language_says_every_phrase_in_its_own_voice(locale):
    words = spoken(locale)
    assert set(words.phrases) == set(spoken("en").phrases)
    asked = document(speech.question(words, "…"), locale, next_url="https://a")
    assert f'language="{SPOKEN[locale]}"' in asked


@pytest.mark.parametrize("locale", get_args(Locale))
@pytest.mark.parametrize("invitation", ["recall", "birthday", "education"])
def test_nobody_is_asked_aloud_to_write_back_against_invitations(locale, invitation):
    written, aloud = texts(locale).lines[invitation], spoken(locale).texts.lines[invitation]
    assert aloud == written[:-1], "its last line says which word to send"


TEN_THIRTY = datetime(2026, 11, 12, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "at", "aloud"),
    [
        ("ru", TEN_THIRTY, "в 10 часов 30 минут"),
        ("ru", TEN_THIRTY.replace(hour=21, minute=1), "в 21 час 1 минуту"),
        ("ru", TEN_THIRTY.replace(hour=14, minute=0), "в 14 часов"),
        ("kk", TEN_THIRTY, "сағат 10, 30 минут"),
        ("en", TEN_THIRTY, "at 10:30"),
        ("pt-BR", TEN_THIRTY.replace(hour=13, minute=0), "às 13 horas"),
        ("fa", TEN_THIRTY, "ساعت ۱۰ و ۳۰ دقیقه"),
        ("fr", TEN_THIRTY, "à 10 heures 30"),
        ("zh-TW", TEN_THIRTY, "上午10時30分"),
    ],
)
def test_times_are_said_as_people_say_them(locale, at, aloud):
    assert aloud in speech.said(spoken(locale), at, "UTC")


def test_a_key_means_what_was_asked():
    assert [pressed(ASKED, key).act for key in "1230"] == ["confirm", "offer", "cancel", "transfer"]
    offered = Standing("offered", options=2)
    assert [(found.act, found.choice) for found in (pressed(offered, key) for key in "120")] == [
        ("take", 0), ("take", 1), ("transfer", None),
    ]  # fmt: skip
    assert pressed(Standing("offered", options=1), "2").act == "repeat"


def test_silence_is_forgiven_once_and_wrong_keys_a_few_times():
    first = pressed(ASKED, "")
    assert (first.act, pressed(first.standing, "").act) == ("repeat", "hand-over")
    standing = ASKED
    acts: list[str] = []
    for _ in range(MOST_WRONG_KEYS):
        found = pressed(standing, "9")
        standing = found.standing
        acts.append(found.act)
    assert acts == ["repeat"] * (MOST_WRONG_KEYS - 1) + ["hand-over"]
