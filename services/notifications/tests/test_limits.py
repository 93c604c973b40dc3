"""Limits of providers: a pause of one network's channel, growing, shared, and no concern of the others."""

from datetime import timedelta

from prometheus_client import REGISTRY

from notifications.channels import Accepted, TooMany
from notifications.operations import limits
from notifications.rules.limits import LONGEST_PAUSE, Limit, growing, struck
from notifications.tables import limits as limit_rows

from .conftest import Service
from .world import NOW, almaty


def test_a_pause_doubles_until_the_longest():
    limit = None
    pauses = []
    now = NOW
    for _ in range(9):
        limit = struck(limit, None, now=now)
        pauses.append(limit.until - now)
        now = limit.until
    assert pauses[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert pauses[-1] == LONGEST_PAUSE


def test_a_provider_that_says_how_long_is_believed():
    assert struck(None, 7.0, now=NOW) == Limit(NOW + timedelta(seconds=7), 1)
    assert growing(4, 90.0) == timedelta(seconds=90)


def test_calls_that_were_under_way_when_a_pause_began_do_not_lengthen_it():
    first = struck(None, None, now=NOW)
    assert struck(first, None, now=NOW) == first
    assert struck(first, 60.0, now=NOW) == Limit(NOW + timedelta(seconds=60), 1)


async def test_a_limit_holds_back_the_channels_other_messages_without_a_call(service: Service):
    first, second = (service.world.patient(f"+7701000000{place}") for place in (1, 2))
    service.provider.channel_faults["whatsapp"] = 429
    await service.apply(service.world.booked(first, almaty(10, 10)))
    await service.send()
    calls = service.provider.calls["whatsapp"]
    await service.apply(service.world.booked(second, almaty(10, 12)))
    await service.send()
    assert service.provider.calls["whatsapp"] == calls, "the second patient's message was not tried"
    service.provider.channel_faults.clear()
    await service.at(NOW + timedelta(seconds=5))
    assert {one["to"] for one in service.provider.sent} == {"+77010000001", "+77010000002"}
    assert {one["channel"] for one in service.provider.sent} == {"whatsapp"}


async def test_another_channel_goes_on_meanwhile(service: Service):
    first, second = (service.world.patient(f"+7701000000{place}") for place in (1, 2))
    service.provider.channel_faults["whatsapp"] = 429
    await service.apply(service.world.booked(first, almaty(10, 10)))
    await service.send()
    second = second.model_copy(
        update={"preferences": second.preferences.model_copy(update={"channel": "sms"})}
    )
    service.world.cards[second.patient_id] = second
    await service.apply(service.world.booked(second, almaty(10, 12)))
    await service.send()
    assert [one["channel"] for one in service.provider.sent] == ["sms"]


async def test_a_pause_that_outlasts_the_step_leaves_it_to_the_next_channel(service: Service):
    async with service.parts.database.transaction(service.world.network_id) as tx:
        await limit_rows.put(tx, service.world.network_id, "whatsapp", Limit(NOW + timedelta(days=1), 3))
    await service.apply(service.world.booked(service.world.patient(), almaty(10, 10)))
    await service.send()
    assert [one["channel"] for one in service.provider.sent] == ["sms"]


async def test_pauses_grow_while_the_provider_refuses_and_are_forgotten_once_it_accepts(service: Service):
    network_id = service.world.network_id
    now = NOW
    for expected in (5, 10, 20):
        async with service.parts.database.transaction(network_id) as tx:
            found = await limits.learn(tx, network_id, [("line", TooMany(None))], now=now)
        assert found["line"].until - now == timedelta(seconds=expected)
        now = found["line"].until
    async with service.parts.database.transaction(network_id) as tx:
        await limits.learn(tx, network_id, [("line", Accepted("1"))], now=now)
        assert await limit_rows.of_network(tx, network_id) == {}


async def test_a_limit_is_a_row_for_all_replicas_and_a_metric(service: Service):
    network_id = service.world.network_id
    service.provider.channel_faults["whatsapp"] = 429
    await service.apply(service.world.booked(service.world.patient(), almaty(10, 10)))
    await service.send()
    async with service.parts.database.transaction(network_id) as tx:
        assert await limits.pauses(tx, network_id) == {"whatsapp": NOW + timedelta(seconds=5)}
    labels = {"network": network_id, "channel": "whatsapp"}
    told = REGISTRY.get_sample_value("vinculo_channel_paused_until_seconds", labels)
    assert told == (NOW + timedelta(seconds=5)).timestamp()


async def test_another_networks_channel_is_not_paused(service: Service):
    service.provider.channel_faults["whatsapp"] = 429
    await service.apply(service.world.booked(service.world.patient(), almaty(10, 10)))
    await service.send()
    async with service.parts.database.transaction("another") as tx:
        assert await limits.pauses(tx, "another") == {}
