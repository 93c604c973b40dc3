"""Packs of policies: dated, sourced, checked while reading, in layers of which the strictest wins."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications import packs
from notifications.packs import MalformedPack, manifest, reading
from notifications.rules import windows
from notifications.rules.decide import decide
from notifications.rules.values import Cap, ChannelFacts, Entry, Facts, Hours, Layer, Pack, Touch

DAY = timedelta(days=1)
COUNTRIES = ("KZ", "BR", "IR", "FR", "TW", "GB")
ZONES = {
    "KZ": "Asia/Almaty", "BR": "America/Sao_Paulo", "IR": "Asia/Tehran", "FR": "Europe/Paris",
    "TW": "Asia/Taipei", "GB": "Europe/London",
}  # fmt: skip


def local(country: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(ZONES[country])).astimezone(UTC)  # type: ignore[misc,arg-type]  # year to minute


def marketing(pack: Pack, at: datetime, channel: Any = "sms", **more: Any) -> Facts:
    known: dict[str, Any] = {
        "message_class": "marketing", "template": "recall", "asks": False, "orientation": False,
        "asked_at": at, "target_at": at, "earliest_at": at, "latest_at": at + timedelta(hours=1),
        "starts_at": None, "zone": ZONES[pack.name.upper()], "zone_of": "branch",
        "channels": (ChannelFacts(channel, reachable=True, permission="allowed"),), "pack": pack,
    }  # fmt: skip
    return Facts(**(known | more))


def test_every_version_of_a_pack_has_the_content_that_the_manifest_records():
    for country in COUNTRIES:
        pack = packs.pack(country)
        assert manifest.recorded()[country.lower()][pack.version] == pack.digest, (
            f"{country}: changed content is a new version; then run python -m notifications.packs"
        )
    assert "chains" in manifest.recorded()


def test_another_content_under_a_published_version_is_refused(tmp_path):
    (tmp_path / "xx.toml").write_text('version = "1"\nname = "one"\n')
    assert manifest.record(tmp_path) == []
    (tmp_path / "xx.toml").write_text('# only a comment is new\nversion = "1"\nname = "one"\n')
    assert manifest.record(tmp_path) == []
    (tmp_path / "xx.toml").write_text('version = "1"\nname = "two"\n')
    assert manifest.record(tmp_path) == ["xx.toml: version 1 was published with another content"]
    assert json.loads((tmp_path / "manifest.json").read_text())["xx"].keys() == {"1"}


@pytest.fixture
def edited(monkeypatch):
    """The packs as if one line of a file had been edited after its version was published."""

    def edit(name: str, before: str, after: str) -> None:
        read = Path.read_text

        def altered(path: Path, *args: Any, **more: Any) -> str:
            text = read(path, *args, **more)
            return text.replace(before, after) if path.name == name else text

        monkeypatch.setattr(Path, "read_text", altered)
        for one in (packs._read, packs.pack, packs.chain):
            one.cache_clear()

    yield edit
    for one in (packs._read, packs.pack, packs.chain):
        one.cache_clear()


@pytest.mark.parametrize(
    ("name", "before", "after", "why"),
    [
        ("fr.toml", "20:00", "22:00", "another content than the manifest records"),
        ("chains.toml", "T-48h", "T-47h", "another content than the manifest records"),
        ("kz.toml", f'version = "{packs.pack("KZ").version}"', 'version = "2099-01"', "not in the manifest"),
    ],
)
def test_a_pack_that_was_edited_after_it_was_published_stops_the_start(edited, name, before, after, why):
    packs.read_all()
    edited(name, before, after)
    with pytest.raises(MalformedPack, match=f"{name}: version .* {why}"):
        packs.read_all()


def test_every_law_and_every_operators_rule_says_where_it_can_be_read():
    lines = [
        each for country in COUNTRIES for each in (packs.pack(country).entries, packs.pack(country).caps)
    ]
    published = [line for each in lines for line in each if line.confidence in {"L", "O"}]
    assert published
    assert all((line.source_url or "").startswith("https://") for line in published)


def test_a_verdict_cites_the_address_of_the_law_that_closed_it():
    at = local("FR", 2026, 11, 12, 15)
    pack = packs.pack("FR")
    capped = decide(marketing(pack, at, "voice", touches=calls(at, 10, refused=True)), now=at)
    closed = decide(
        marketing(pack, local("FR", 2026, 11, 14, 15), "voice"), now=local("FR", 2026, 11, 14, 15)
    )
    for verdict in (capped, closed):
        cited = [url for reason in verdict.reasons for url in reason.source_urls]
        assert any("legifrance.gouv.fr/codes/article_lc/" in url for url in cited)


def test_a_verdict_quotes_version_digest_and_layers():
    network = Layer("network", 3)
    pack = packs.pack("KZ", "", (network, Layer("branch", 2)))
    verdict = decide(marketing(pack, local("KZ", 2026, 11, 12, 12)), now=local("KZ", 2026, 11, 12, 12))
    assert verdict.policy_version == f"kz-{pack.version}+network-3+branch-2"
    assert verdict.digest == packs.pack("KZ").digest


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"open": [{"days": [8], "hours": [["09:00", "21:00"]]}]}, "days"),
        ({"open": [{"days": [1], "hours": [["21:00", "09:00"]]}]}, "open before they close"),
        ({"layer": "whim"}, "law"),
        ({"confidence": "maybe"}, "C"),
        ({"source": ""}, "source"),
        ({"source_url": "http://example.com"}, "source_url"),
        ({"source_url": None}, "needs its source_url"),
        ({"source_url": None, "confidence": "L"}, "needs its source_url"),
        ({"valid_from": date(2027, 1, 1), "valid_to": date(2026, 1, 1)}, "valid_from"),
        ({"hourz": 1}, "hourz"),
        ({"classes": ["immediate"]}, "classes"),
    ],
)
def test_a_malformed_line_names_itself(wrong, says):
    line = {
        "id": "kz-sms-weekdays", "layer": "operator", "classes": ["service"], "source": "operators",
        "source_url": "https://operators.example/rules", "confidence": "O",
        "open": [{"days": [1], "hours": [["09:00", "21:00"]]}],
    }  # fmt: skip
    with pytest.raises(MalformedPack, match=r"kz\.toml: entry 2 \(kz-sms-weekdays\)") as raised:
        reading.lines("kz.toml", "entry", [line, line | wrong], reading.entry)
    assert says in str(raised.value)


def test_a_call_for_marketing_in_france_is_decided_otherwise_from_the_11th_of_august_2026():
    pack = packs.pack("FR")
    verdicts = [
        decide(marketing(pack, at, "voice"), now=at)
        for at in (local("FR", 2026, 8, 10, 13, 30), local("FR", 2026, 8, 11, 13, 30))
    ]
    assert [one.action for one in verdicts] == ["send", "wait"]
    assert verdicts[1].send_at == local("FR", 2026, 8, 11, 14)
    closed = next(one for one in verdicts[1].reasons if one.result == "closed")
    assert "fr-voice-marketing" in closed.detail["entries"]
    assert "L223-1" in (closed.source or "")


def calls(at: datetime, *days_ago: float, refused: bool = False) -> tuple[Touch, ...]:
    return tuple(
        Touch(at - timedelta(days=days), "marketing", frozenset({"voice"}), refused=refused)
        for days in days_ago
    )


@pytest.mark.parametrize(
    ("touches", "because"),
    [
        (lambda at: calls(at, 1, 2, 3), "chosen"),
        (lambda at: calls(at, 1, 2, 3, 29.9), "touches-reached"),
        (lambda at: calls(at, 1, 2, 3, 30.1), "chosen"),
        (lambda at: calls(at, 59.9, refused=True), "refusals-reached"),
        (lambda at: calls(at, 60.1, refused=True), "chosen"),
    ],
)
def test_calls_in_france_are_four_in_thirty_days_and_none_for_sixty_after_a_refusal(touches, because):
    at = local("FR", 2026, 11, 12, 15)
    verdict = decide(marketing(packs.pack("FR"), at, "voice", touches=touches(at)), now=at)
    assert verdict.because == because


def test_a_cap_of_one_channel_leaves_the_others():
    at = local("FR", 2026, 11, 12, 15)
    channels = (ChannelFacts("voice", reachable=True), ChannelFacts("sms", reachable=True))
    facts = marketing(packs.pack("FR"), at, channels=channels, touches=calls(at, 10, refused=True))
    assert decide(facts, now=at).channel == "sms"


def test_no_more_than_four_invitations_in_thirty_days_and_reminders_are_not_counted():
    at = local("KZ", 2026, 11, 12, 12)
    sent = tuple(Touch(at - n * DAY, "marketing", frozenset({"sms", "whatsapp"})) for n in (1, 2, 3))
    facts = marketing(packs.pack("KZ"), at, touches=sent)
    assert decide(facts, now=at).action == "send", "a message on two channels is one touch"
    fourth = (*sent, Touch(at - 4 * DAY, "marketing", frozenset({"sms"})))
    verdict = decide(marketing(packs.pack("KZ"), at, touches=fourth), now=at)
    assert (verdict.action, verdict.because) == ("drop", "touches-reached")
    assert verdict.reasons[-1].detail["entry"] == "kz-marketing-month"
    service = marketing(packs.pack("KZ"), at, touches=fourth, message_class="service")
    assert decide(service, now=at).action == "send"


@pytest.mark.parametrize(("day", "offset"), [(29, 360), (1, 300)])
def test_almaty_is_an_hour_nearer_to_utc_since_march_2024(day, offset):
    month = 2 if day == 29 else 3
    at = datetime(2024, month, day, 9, tzinfo=UTC)
    verdict = decide(marketing(packs.pack("KZ"), at), now=at)
    assert verdict.reasons[1].detail["offset_minutes"] == offset


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "name"),
    [
        ("KZ", "", date(2027, 3, 15), "Constitution Day"),
        ("KZ", "", date(2027, 8, 30), None),
        ("KZ", "", date(2025, 8, 30), "Constitution Day"),
        ("BR", "", date(2027, 2, 9), "Carnaval"),  # optional in the library, closed for offers
        ("BR", "", date(2027, 5, 27), "Corpus Christi"),
        ("BR", "", date(2027, 12, 24), None),  # optional too, and not named by the pack
        ("BR", "", date(2027, 7, 9), None),
        ("BR", "SP", date(2027, 7, 9), "Revolução Constitucionalista"),
        ("BR", "BR-SP", date(2027, 7, 9), "Revolução Constitucionalista"),
        ("FR", "", date(2027, 12, 26), None),
        ("FR", "6AE", date(2027, 12, 26), "Saint-Étienne"),
        ("FR", "57", date(2027, 3, 26), "Vendredi saint"),
        ("FR", "974", date(2027, 12, 20), "Abolition de l'esclavage"),
        ("FR", "nowhere", date(2027, 12, 26), None),
        ("TW", "", date(2027, 2, 6), "春節"),
    ],
)
def test_these_days_are_holidays_or_not(country, subdivision, day, name):
    assert packs.pack(country, subdivision).holiday(day) == name


def test_an_estimated_day_counts_a_day_earlier_and_later_until_it_is_confirmed():
    pack = packs.pack("IR")
    ashura = date(2027, 6, 16)
    mourned = [ashura + n * DAY for n in range(-4, 4) if pack.mourning(ashura + n * DAY)]
    assert mourned == [date(2027, 6, day) for day in (14, 15, 16, 17)], "Tasua and Ashura, each a day around"
    beside, sure_day = pack.day(date(2027, 6, 17)), date(2027, 6, 15)
    assert beside is not None
    assert beside.estimated
    sure = Layer("network", 1, confirmed=(("Ashura", date(2027, 6, 15)), ("Tasua", date(2027, 6, 14))))
    confirmed = packs.pack("IR", "", (sure,))
    mourned = [ashura + n * DAY for n in range(-4, 4) if confirmed.mourning(ashura + n * DAY)]
    assert mourned == [date(2027, 6, 14), date(2027, 6, 15)]
    told = confirmed.day(sure_day)
    assert told is not None
    assert not told.estimated


def test_a_day_that_is_certain_has_no_neighbours():
    pack = packs.pack("IR")
    assert pack.mourning(date(2026, 6, 25))
    assert not pack.mourning(date(2026, 6, 26))


@pytest.mark.parametrize("day", [15, 16, 17])
def test_offers_rest_on_days_of_mourning_and_reminders_do_not(day):
    at = local("IR", 2027, 6, day, 12)
    pack = packs.pack("IR")
    offer = decide(marketing(pack, at, latest_at=at + 5 * DAY), now=at)
    assert offer.action == "wait"
    assert offer.send_at == local("IR", 2027, 6, 18, 7)
    closed = next(one for one in offer.reasons if one.result == "closed")
    assert (closed.detail["mourning"] is not None, closed.detail["estimated"]) == (True, True)
    assert decide(marketing(pack, at, message_class="service"), now=at).action == "send"


def test_taiwan_has_a_rest_at_noon_for_offers():
    at = local("TW", 2026, 11, 12, 12, 45)
    verdict = decide(marketing(packs.pack("TW"), at), now=at)
    assert verdict.send_at == local("TW", 2026, 11, 12, 13, 30)


minutes = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
hours = st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1])
entries = st.builds(
    Entry,
    id=st.just("own"), layer=st.just("network"), classes=st.just(frozenset({"service", "marketing"})),
    channels=st.none(), holidays=st.booleans(), mourning=st.booleans(), source=st.just("own"),
    confidence=st.just("C"),
    open=st.tuples(
        st.builds(
            Hours, days=st.frozensets(st.integers(1, 7), min_size=1),
            between=st.lists(hours, min_size=1, max_size=2).map(tuple),
        )
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    country=st.sampled_from(COUNTRIES),
    own=st.lists(entries, min_size=1, max_size=3),
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    channel=st.sampled_from(["sms", "whatsapp", "voice", "email"]),
    message_class=st.sampled_from(["service", "marketing"]),
)
def test_layers_together_are_never_wider_than_any_of_them(country, own, day, channel, message_class):
    zone = ZONES[country]
    base, alone = packs.pack(country), [(Layer("network", 1, (entry,)),) for entry in own]
    together = packs.pack(country, "", (Layer("network", 1, tuple(own)),))
    found = windows.open_on(together, message_class, channel, zone, day)
    each = [base, *(packs.pack(country, "", layers) for layers in alone)]
    for start, end in found:
        assert start < end
        for pack in each:
            wider = windows.open_on(pack, message_class, channel, zone, day)
            assert any(opens <= start and end <= closes for opens, closes in wider), "inside every layer"


@settings(max_examples=60, deadline=None)
@given(limit=st.integers(1, 5), days=st.integers(1, 60), ago=st.lists(st.floats(0, 90), max_size=8))
def test_a_layers_cap_only_stops_more(limit, days, ago):
    at = local("GB", 2027, 3, 10, 12)
    cap = Cap("own", "network", frozenset({"marketing"}), None, "touches", limit, days, "own", "C")
    touches = tuple(Touch(at - timedelta(days=one), "marketing", frozenset({"sms"})) for one in ago)
    verdicts = [
        decide(marketing(packs.pack("GB", "", layers), at, touches=touches), now=at).action
        for layers in ((), (Layer("network", 1, (), (cap,)),))
    ]
    counted = sum(1 for one in ago if timedelta(days=one) < timedelta(days=days))
    assert verdicts[1] == ("drop" if verdicts[0] == "drop" or counted >= limit else "send")


def test_a_message_that_would_cost_too_much_takes_a_cheaper_channel_or_says_so():
    at = local("KZ", 2026, 11, 12, 12)
    channels = (
        ChannelFacts("whatsapp", reachable=True, cost=900),
        ChannelFacts("sms", reachable=True, cost=500),
    )
    assert decide(marketing(packs.pack("KZ"), at, channels=channels, may_cost=600), now=at).channel == "sms"
    verdict = decide(marketing(packs.pack("KZ"), at, channels=channels, may_cost=100), now=at)
    assert (verdict.action, verdict.because) == ("drop", "too-dear")


def test_while_a_person_talks_with_the_patient_only_what_was_just_asked_for_comes_between():
    at = local("KZ", 2026, 11, 12, 12)
    held = (ChannelFacts("whatsapp", reachable=True, held=True),)
    facts = marketing(packs.pack("KZ"), at, channels=held, message_class="service")
    verdict = decide(facts, now=at)
    assert (verdict.action, verdict.send_at) == ("wait", at + timedelta(minutes=15))
    assert decide(facts, now=at + timedelta(minutes=50)).because == "held-by-a-person"
    assert (
        decide(marketing(packs.pack("KZ"), at, channels=held, message_class="immediate"), now=at).action
        == "send"
    )
    other = (*held, ChannelFacts("sms", reachable=True))
    assert decide(marketing(packs.pack("KZ"), at, channels=other), now=at).channel == "sms"


def test_a_step_on_all_channels_goes_by_every_one_that_is_open():
    at = local("KZ", 2026, 11, 14, 12)  # a Saturday: SMS rests
    channels = tuple(ChannelFacts(one, reachable=True) for one in ("whatsapp", "sms", "email"))
    facts = marketing(packs.pack("KZ"), at, channels=channels, message_class="service", mode="all")
    assert decide(facts, now=at).channels == ("whatsapp", "email")
    assert decide(marketing(packs.pack("KZ"), at, channels=channels), now=at).channels == ("whatsapp",)


def test_nobody_is_called_at_night_even_about_what_they_just_did():
    night = local("KZ", 2026, 11, 12, 3)
    voice = (ChannelFacts("voice", reachable=True),)
    facts = marketing(
        packs.pack("KZ"), night, channels=voice, message_class="immediate", latest_at=night + 2 * DAY
    )
    assert decide(facts, now=night).send_at == local("KZ", 2026, 11, 12, 9)


def test_what_another_message_of_the_day_says_is_not_sent_again():
    at = local("KZ", 2026, 11, 12, 12)
    other = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
    verdict = decide(marketing(packs.pack("KZ"), at, told_in=other), now=at)
    assert (verdict.because, verdict.reasons[-1].detail) == ("grouped", {"into": other})
