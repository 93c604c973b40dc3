"""consents over the real bus and database: commands, queries, events, and the whole service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from nats.js import JetStreamContext

from common.caller import Caller
from common.contracts.consents import (
    ContactAnswer,
    ContactQuestion,
    DescribeConsentTexts,
    Given,
    GrantPermissions,
    MayContact,
    PermissionChanged,
    PermissionsOf,
    WithdrawPermission,
)
from common.contracts.directory import DescribeDirectory, Directory, Network, NetworkOpened
from common.database import AlreadyApplied, Database
from common.errors import Refused
from common.ids import new_id
from common.rpc import Answers, Asks
from common.testing import PATIENCE, Answering, Urls, caller, running
from consents import handlers
from consents.app import create_app
from consents.handlers import Parts
from consents.settings import Settings


@pytest.fixture
async def service(
    environment: Callable[..., None], urls: Urls, nats_server: Any, sealing_key: str, bus: Any
) -> AsyncIterator[Any]:
    environment(urls, nats_server.url, sealing_key=sealing_key)
    async with running(create_app(Settings())) as app:
        yield app


def network(network_id: str, *, data_at_home: bool) -> Network:
    return Network(
        network_id=network_id,
        name="Дента",
        country="KZ",
        locales=["ru", "kk"],
        currency="KZT",
        preset="kz",
        data_at_home=data_at_home,
    )


def opened(network_id: str, *, data_at_home: bool = False, version: int = 1) -> NetworkOpened:
    return NetworkOpened(
        network_id=network_id,
        occurred_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        version=version,
        network=network(network_id, data_at_home=data_at_home),
    )


async def answer(asks: Asks, by: Caller, question: ContactQuestion) -> ContactAnswer:
    return (await asks.ask(MayContact(questions=[question]), caller=by)).answers[0]


def marketing(patient_id: UUID) -> ContactQuestion:
    return ContactQuestion(patient_id=patient_id, message_class="marketing", channels=["whatsapp", "sms"])


async def test_a_withdrawal_holds_in_the_very_next_answer(
    service: Any, asks: Asks, network_id: str, by_form: Given
):
    by, patient_id = caller(network_id), new_id()
    for _ in range(20):
        await asks.ask(
            GrantPermissions(patient_id=patient_id, grants=["marketing"], given=by_form), caller=by
        )
        assert (await answer(asks, by, marketing(patient_id))).allowed == ["whatsapp", "sms"]
        await asks.ask(WithdrawPermission(patient_id=patient_id, purpose="marketing"), caller=by)
        said = await answer(asks, by, marketing(patient_id))
        assert said.allowed == []
        assert said.refused == {"whatsapp": "marketing-withdrawn", "sms": "marketing-withdrawn"}


async def test_a_whole_service_tells_of_changed_permissions_on_the_bus(
    service: Any, asks: Asks, js: JetStreamContext, network_id: str, by_form: Given
):
    subscription = await js.subscribe("consents.event.>", stream="CONSENTS_EVENTS", ordered_consumer=True)
    patient_id = new_id()
    await asks.ask(
        GrantPermissions(
            patient_id=patient_id, grants=["marketing"], refusals=["cross_border"], given=by_form
        ),
        caller=caller(network_id),
    )
    heard = [
        PermissionChanged.model_validate_json((await subscription.next_msg(timeout=PATIENCE)).data)
        for _ in range(2)
    ]
    assert [(one.purpose, one.state, one.version) for one in heard] == [
        ("marketing", "granted", 1),
        ("cross_border", "refused", 2),
    ]
    assert b"203.0.113.7" not in b"".join(one.model_dump_json().encode() for one in heard)


async def test_a_repeated_grant_is_recorded_once_and_answers_the_same(
    parts: Parts, network_id: str, by_form: Given, database: Database
):
    command = GrantPermissions(patient_id=new_id(), grants=["marketing"], given=by_form)
    first = await handlers.grant(command, caller(network_id), parts)
    assert await handlers.grant(command, caller(network_id), parts) == first
    async with database.transaction(network_id) as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM permission_acts"))).scalar_one() == 1
        assert (await tx.execute(sa.text("SELECT count(*) FROM outbox"))).scalar_one() == 1


async def test_a_repeated_withdrawal_by_id_answers_the_same(parts: Parts, network_id: str, by_form: Given):
    by = caller(network_id)
    given = await handlers.grant(
        GrantPermissions(patient_id=new_id(), grants=["marketing"], given=by_form), by, parts
    )
    command = WithdrawPermission(permission_id=given.permissions[0].permission_id, how="link")
    first = await handlers.withdraw(command, by, parts)
    assert first.permissions[0].state == "withdrawn"
    assert await handlers.withdraw(command, by, parts) == first


async def test_where_data_stays_at_home_a_foreign_channel_needs_its_permission(
    parts: Parts, network_id: str, by_form: Given
):
    by, patient_id = caller(network_id), new_id()
    await handlers.keep_directory(opened(network_id, data_at_home=True), parts)
    question = ContactQuestion(
        patient_id=patient_id, message_class="service", channels=["whatsapp", "sms"], abroad=["whatsapp"]
    )
    (said,) = (await handlers.may_contact(MayContact(questions=[question]), by, parts)).answers
    assert (said.allowed, said.refused) == (["sms"], {"whatsapp": "no-permission-for-cross-border"})
    given = await handlers.grant(
        GrantPermissions(patient_id=patient_id, grants=["cross_border"], given=by_form), by, parts
    )
    (said,) = (await handlers.may_contact(MayContact(questions=[question]), by, parts)).answers
    assert said.allowed == ["whatsapp", "sms"]
    assert said.permission_ids == [given.permissions[0].permission_id]


@pytest.mark.parametrize("at_home", [True, False])
async def test_a_network_no_event_told_of_is_asked_about_at_booking(
    parts: Parts, network_id: str, answering: Answering, monkeypatch: pytest.MonkeyPatch, at_home: bool
):
    monkeypatch.setattr(handlers, "HOME_SECONDS", PATIENCE)
    booking = Answers[None]()

    @booking.to(DescribeDirectory)
    async def describe(query: DescribeDirectory, by: Caller, _: None) -> Directory:
        assert by == Caller(network_id, "system:consents", ("system",))
        return Directory(
            network=network(network_id, data_at_home=at_home),
            branches=[],
            practitioners=[],
            rooms=[],
            services=[],
            versions={},
        )

    question = ContactQuestion(
        patient_id=new_id(), message_class="service", channels=["line", "sms"], abroad=["line"]
    )
    async with answering(booking, None):
        said = await handlers.may_contact(MayContact(questions=[question]), caller(network_id), parts)
    assert said.answers[0].allowed == (["sms"] if at_home else ["line", "sms"])


async def test_while_nobody_can_say_whether_data_stays_at_home_it_stays(
    parts: Parts, network_id: str, bus: Any
):
    question = ContactQuestion(
        patient_id=new_id(), message_class="service", channels=["line", "sms"], abroad=["line"]
    )
    said = await handlers.may_contact(MayContact(questions=[question]), caller(network_id), parts)
    assert said.answers[0].allowed == ["sms"]


async def test_a_network_opened_twice_on_the_bus_is_applied_once(
    parts: Parts, network_id: str, database: Database
):
    event = opened(network_id)
    await handlers.keep_directory(event, parts)
    with pytest.raises(AlreadyApplied):
        await handlers.keep_directory(event, parts)
    async with database.transaction(network_id) as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM directory"))).scalar_one() == 1
        assert (await tx.execute(sa.text("SELECT count(*) FROM inbox"))).scalar_one() == 1


async def test_an_older_state_of_a_network_that_comes_late_changes_nothing(parts: Parts, network_id: str):
    await handlers.keep_directory(opened(network_id, data_at_home=True, version=2), parts)
    await handlers.keep_directory(opened(network_id, data_at_home=False, version=1), parts)
    question = ContactQuestion(
        patient_id=new_id(), message_class="service", channels=["line"], abroad=["line"]
    )
    said = await handlers.may_contact(MayContact(questions=[question]), caller(network_id), parts)
    assert said.answers[0].allowed == []


async def test_a_hundred_acts_at_once_take_a_hundred_versions_without_a_gap(
    service: Any, asks: Asks, network_id: str, by_form: Given, database: Database
):
    by, patient_id = caller(network_id), new_id()
    acts = [
        GrantPermissions(patient_id=patient_id, grants=["marketing"], refusals=["education"], given=by_form)
        for _ in range(50)
    ]
    await asyncio.gather(*(asks.ask(act, caller=by) for act in acts))
    async with database.transaction(network_id) as tx:
        versions = await tx.execute(sa.text("SELECT version FROM permission_acts ORDER BY version"))
        assert list(versions.scalars()) == list(range(1, 101))
        bodies = await tx.execute(sa.text("SELECT body FROM outbox ORDER BY seq"))
        told = [PermissionChanged.model_validate_json(body).version for body in bodies.scalars()]
    assert sorted(told) == list(range(1, 101))


async def test_patients_read_and_withdraw_their_own_and_nobody_elses(
    parts: Parts, network_id: str, by_form: Given
):
    own, other = new_id(), new_id()
    patient = caller(network_id, f"patient:{own}", (), purpose="link")
    await handlers.grant(
        GrantPermissions(patient_id=own, grants=["marketing"], given=by_form), patient, parts
    )
    assert (
        len((await handlers.permissions_of(PermissionsOf(patient_ids=[own]), patient, parts)).permissions)
        == 1
    )
    with pytest.raises(Refused, match="themselves"):
        await handlers.permissions_of(PermissionsOf(patient_ids=[other]), patient, parts)
    with pytest.raises(Refused, match="themselves"):
        await handlers.withdraw(
            WithdrawPermission(patient_id=other, purpose="marketing", how="link"), patient, parts
        )


async def test_permissions_of_another_network_are_nobodys(parts: Parts, network_id: str, by_form: Given):
    patient_id = new_id()
    given = await handlers.grant(
        GrantPermissions(patient_id=patient_id, grants=["marketing"], given=by_form),
        caller(network_id),
        parts,
    )
    stranger = caller(f"{network_id}-b")
    found = await handlers.permissions_of(PermissionsOf(patient_ids=[patient_id]), stranger, parts)
    assert found.permissions == []
    with pytest.raises(Refused) as refusal:
        await handlers.withdraw(
            WithdrawPermission(permission_id=given.permissions[0].permission_id), stranger, parts
        )
    assert refusal.value.refusal == "unknown-permission"


async def test_the_words_of_today_are_for_everybody(service: Any, asks: Asks, network_id: str):
    anonymous = caller(network_id, "anonymous", (), purpose="booking")
    told = await asks.ask(DescribeConsentTexts(locale="kk"), caller=anonymous)
    assert [text.version for text in told.texts] == ["marketing.kk.1", "cross_border.kk.1"]
