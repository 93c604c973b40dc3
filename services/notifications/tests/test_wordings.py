"""A network words its messages: drafts, what stands in the way, versions, and what a patient then gets."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from common.caller import Caller
from common.contracts.messages import Money, Request
from common.contracts.notifications import (
    AskMessageReport,
    ChannelCost,
    CommunicationsOf,
    GetTemplate,
    ListTemplates,
    PreviewTemplate,
    ProposeNameForms,
    PublishTemplate,
    PutTemplateDraft,
    TemplateBody,
    TemplateText,
    Waiver,
)
from common.errors import NotAllowed, Refused
from notifications.handlers import answers
from notifications.rules.sms import charge
from notifications.tables.schema import attempts
from notifications.tables.schema import messages as message_table
from notifications.tables.wordings import versions
from notifications.templates.checks import tariff

from .conftest import Service
from .world import NOW, almaty

OWN = ("{greeting}", "Ждём вас: {when}, {doctor_any}.", "{clinic}, {address}.", "До встречи!")


def body(*lines: str, sms: tuple[str, ...] = (), locales: tuple[Any, ...] = ("ru",)) -> TemplateBody:
    texts = {locale: TemplateText(lines=list(lines), sms=list(sms)) for locale in locales}
    built_in = dict.fromkeys({"ru", "kk", "en"} - set(locales), "built-in")
    return TemplateBody.model_validate({"texts": texts, "fallbacks": built_in})


async def asked(service: Service, request: Request[Any], *, roles: tuple[str, ...] = ("manager",)) -> Any:
    caller = Caller(network_id=service.world.network_id, actor="staff:boss", roles=roles, purpose="desk")
    return await answers.routes[request.subject].answer(request, caller, service.parts)


async def published(service: Service, told: TemplateBody, **more: Any) -> int:
    place = {"branch_id": more.pop("branch_id", None)}
    await asked(service, PutTemplateDraft(name="confirmation", body=told, **place))
    found = await asked(service, PublishTemplate(name="confirmation", **place, **more))
    return int(found.number)


async def confirmed_text(service: Service, *, name: str = "Марат") -> str:
    """What somebody who books now gets."""
    card = service.world.patient(phone=f"+7701000{len(service.world.cards):04}", name=name)
    await service.apply(service.world.booked(card, almaty(12 + len(service.world.cards), 10)))
    await service.send()
    return service.provider.texts()[-1]


async def test_the_built_in_text_is_sent_until_a_network_has_its_own(service):
    assert "Вы записаны к стоматологу" in await confirmed_text(service)
    assert await published(service, body(*OWN)) == 1
    said = await confirmed_text(service)
    assert said.startswith("Здравствуйте, Марат!\nЖдём вас: ")
    assert "До встречи!" in said


async def test_a_message_remembers_which_wording_it_was_sent_in(service):
    await confirmed_text(service)
    await published(service, body(*OWN))
    await confirmed_text(service)
    async with service.parts.database.transaction(service.world.network_id) as tx:
        kept = await tx.execute(
            sa.select(message_table.c.template_version)
            .where(message_table.c.template == "confirmation")
            .order_by(message_table.c.sent_at, message_table.c.message_id)
        )
        assert set(kept.scalars()) == {"built-in", "1"}


async def test_a_draft_changes_nothing_for_patients(service):
    await asked(service, PutTemplateDraft(name="confirmation", body=body(*OWN)))
    assert "До встречи!" not in await confirmed_text(service)


async def test_publishing_is_refused_with_every_finding_and_its_place(service):
    poor = TemplateBody.model_validate({"texts": {"ru": {"lines": ["Лучшая клиника: {when}, {adress}"]}}})
    drafted = await asked(service, PutTemplateDraft(name="confirmation", body=poor))
    with pytest.raises(Refused) as refusal:
        await asked(service, PublishTemplate(name="confirmation"))
    assert refusal.value.refusal == "template-refused"
    told = {(one["code"], one["locale"], one["place"]) for one in refusal.value.extra["findings"]}
    assert told == {(one.code, one.locale, one.place) for one in drafted.findings} == {
        ("missing-locale", "kk", ""), ("missing-locale", "en", ""), ("unknown-placeholder", "ru", "lines[0]"),
        ("missing-fact", "ru", "lines"), ("banned-claim", "ru", "lines[0]"),
    }  # fmt: skip
    assert all(one["source"] for one in refusal.value.extra["findings"])


async def test_a_claim_is_published_when_somebody_answers_for_it_by_name(service):
    claims = body(*OWN, "Лучшие специалисты города")
    await asked(service, PutTemplateDraft(name="confirmation", body=claims))
    with pytest.raises(Refused):
        await asked(service, PublishTemplate(name="confirmation"))
    waiver = Waiver(
        code="banned-claim", approver="Dr A. Serik", reason="first place in the city's ranking of 2026"
    )
    await asked(service, PublishTemplate(name="confirmation", waivers=[waiver]))
    view = await asked(service, GetTemplate(name="confirmation"))
    assert view.versions[0].waivers == [waiver]
    assert view.versions[0].published_by == "staff:boss"


async def test_what_breaks_a_text_cannot_be_waived(service):
    await asked(service, PutTemplateDraft(name="confirmation", body=body("{when")))
    waivers = [
        Waiver(code=code, approver="Dr A. Serik", reason="because")
        for code in ("broken-syntax", "missing-fact", "banned-claim")
    ]
    with pytest.raises(Refused) as refusal:
        await asked(service, PublishTemplate(name="confirmation", waivers=waivers))
    assert {one["code"] for one in refusal.value.extra["findings"]} == {"broken-syntax", "missing-fact"}


async def test_rolling_back_publishes_the_older_wording_anew(service):
    await published(service, body(*OWN))
    await published(service, body(*OWN, "Второй текст."))
    assert "Второй текст." in await confirmed_text(service)
    found = await asked(service, PublishTemplate(name="confirmation", number=1))
    assert found.number == 3
    assert "Второй текст." not in await confirmed_text(service)
    view = await asked(service, GetTemplate(name="confirmation"))
    assert [(one.number, one.from_number) for one in view.versions] == [(3, 1), (2, None), (1, None)]


async def test_a_branch_may_have_words_of_its_own(service):
    await published(service, body(*OWN))
    await published(service, body(*OWN, "На Достык."), branch_id=service.world.branch.branch_id)
    assert "На Достык." in await confirmed_text(service)
    async with service.parts.database.transaction(service.world.network_id) as tx:
        kept = await tx.execute(sa.select(message_table.c.template_version))
        assert "branch-1" in set(kept.scalars())


async def test_a_language_without_a_wording_follows_its_fallback(service):
    told = body(*OWN).model_copy(update={"fallbacks": {"kk": "ru", "en": "built-in"}})
    await published(service, told)
    for locale, said in (("kk", "До встречи!"), ("en", "you are booked at")):
        card = service.world.patient(phone=f"+7702000{len(service.world.cards):04}", locale=locale)
        await service.apply(service.world.booked(card, almaty(16 + len(service.world.cards), 10)))
        await service.send()
        assert said in service.provider.texts()[-1], locale


async def test_a_published_version_cannot_be_changed_in_the_database(service):
    await published(service, body(*OWN))
    async with service.parts.database.transaction(service.world.network_id) as tx:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await tx.execute(sa.update(versions).values(number=7))


async def test_two_people_do_not_overwrite_each_other_unseen(service):
    draft = PutTemplateDraft(name="confirmation", body=body(*OWN), if_version=0)
    assert (await asked(service, draft)).version == 1
    with pytest.raises(Refused) as refusal:
        await asked(service, PutTemplateDraft(name="confirmation", body=body(*OWN, "Я"), if_version=0))
    assert refusal.value.refusal == "version-conflict"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (GetTemplate(name="nonsense"), "unknown-template"),
        (PublishTemplate(name="confirmation"), "unknown-draft"),
        (PublishTemplate(name="confirmation", number=5), "unknown-version"),
        (PreviewTemplate(name="confirmation", locale="ru", text=TemplateText(lines=["{x"])), "broken-syntax"),
        (PreviewTemplate(name="confirmation", locale="ru", text=TemplateText(lines=["{x}"])), "unknown-placeholder"),
    ],
)  # fmt: skip
async def test_what_is_not_there_or_cannot_be_read_is_said(service, request_, code):
    with pytest.raises(Refused) as refusal:
        await asked(service, request_)
    assert refusal.value.refusal == code


async def test_only_managers_change_what_is_written_to_patients(service):
    with pytest.raises(NotAllowed):
        await asked(service, PutTemplateDraft(name="confirmation", body=body(*OWN)), roles=("reception",))
    with pytest.raises(NotAllowed):
        await asked(service, PublishTemplate(name="confirmation"), roles=("doctor",))


async def test_the_list_says_what_is_worded_and_what_waits(service):
    await published(service, body(*OWN))
    await asked(service, PutTemplateDraft(name="short", body=body("{when_day}, {address}")))
    listed = {one.name: one for one in (await asked(service, ListTemplates())).templates}
    assert (listed["confirmation"].number, listed["confirmation"].has_draft) == (1, False)
    assert (listed["short"].number, listed["short"].has_draft) == (None, True)
    assert (listed["confirmation"].worded, listed["short"].worded) == (["ru"], [])
    assert listed["recall"].message_class == "marketing"


async def test_a_preview_shows_segments_and_price(service):
    question = PreviewTemplate(name="confirmation", locale="ru", shape="no-gender", channel="sms")
    shown = await asked(service, question)
    assert (shown.alphabet, shown.segments, shown.version) == ("ucs-2", 3, "built-in")
    assert (shown.price.amount, shown.price.currency) == (6600, "KZT")
    by_chat = await asked(service, PreviewTemplate(name="confirm-request", locale="kk", shape="one-word"))
    assert by_chat.segments is None
    assert by_chat.buttons == ["Келемін", "Ауыстыру", "Бас тарту"]
    assert by_chat.lines[0] == "Сәлеметсіз бе, Мадонна!"


async def test_an_sms_is_sent_as_it_was_counted_and_its_cost_is_kept(service):
    service.provider.channel_faults["whatsapp"] = 400
    said = await confirmed_text(service)
    assert said.startswith("Марат, вы записаны: ")
    async with service.parts.database.transaction(service.world.network_id) as tx:
        row = (await tx.execute(sa.select(attempts).where(attempts.c.channel == "sms"))).one()
    expected = charge(said, tariff("KZ"), NOW.date())
    assert (row.segments, row.cost, row.currency) == (expected.counted.segments, expected.amount, "KZT")
    report = await asked(
        service, AskMessageReport(from_at=NOW - timedelta(days=1), to_at=NOW + timedelta(days=1))
    )
    assert report.costs == [
        ChannelCost(channel="sms", currency="KZT", attempts=1, segments=row.segments, amount=row.cost)
    ]


async def test_communications_tell_the_wording_and_the_cost(service):
    service.provider.channel_faults["whatsapp"] = 400
    await confirmed_text(service)
    (patient_id,) = service.world.cards
    told = await asked(service, CommunicationsOf(patient_ids=[patient_id]))
    message = next(one for one in told.messages if one.step == "confirmation")
    by_sms = next(one for one in message.attempts if one.channel == "sms")
    assert message.template_version == "built-in"
    assert by_sms.cost == Money(amount=by_sms.segments * 2200, currency="KZT")


async def test_datives_are_proposed(service):
    found = await asked(
        service,
        ProposeNameForms(
            display={"ru": "Айгерим Нурлановна", "kk": "Айгерім Нұрланқызы"},
            speciality={"ru": "Детский стоматолог"},
        ),
    )
    assert found.dative == {"ru": "Айгерим Нурлановне"}
    assert found.speciality_dative == {"ru": "детскому стоматологу"}
