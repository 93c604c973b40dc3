from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from common.caller import Caller
from common.contracts.directory import (
    DescribeDirectory,
    Directory,
    OpenNetwork,
    PutBranch,
    PutPractitioner,
    PutRoom,
    PutService,
)
from common.contracts.gateway import CreateStaff
from common.contracts.messages import Command, Done, Money
from common.errors import NotAllowed, Refused, UnknownThing
from common.rpc import Answers
from devkit import demo
from devkit.cli import dead_letters, network, orders, staff
from devkit.demo.making import PLANS, ensure_demo
from devkit.errors import CannotStart
from devkit.home import Home, Running


class Services:
    """Booking and the gateway, as far as the demo needs them."""

    def __init__(self) -> None:
        self.networks: dict[str, dict[str, int]] = {}
        self.staff: dict[str, CreateStaff] = {}
        self.received: list[str] = []
        self.gateway_is_behind = 0
        self.answers = Answers[None]()
        for command in (PutBranch, PutService, PutRoom, PutPractitioner):
            self.answers.to(command)(self.put)
        self.answers.to(OpenNetwork)(self.open)
        self.answers.to(DescribeDirectory)(self.describe)
        self.answers.to(CreateStaff)(self.create)

    def _check(self, caller: Caller, command: object) -> None:
        if caller.actor != "system:gateway":
            raise NotAllowed
        self.received.append(type(command).__name__)

    async def open(self, command: OpenNetwork, caller: Caller, _: None) -> Done:
        self._check(caller, command)
        if command.network.network_id in self.networks:
            raise Refused(code="network-exists")
        self.networks[command.network.network_id] = {}
        self.opened = command.network
        return Done(version=1)

    async def put(self, command: Command[Done], caller: Caller, _: None) -> Done:
        self._check(caller, command)
        thing = next(iter(command.model_dump(exclude={"command_id", "if_version"}).values()))
        identity = next(value for value in thing.values() if isinstance(value, UUID))
        self.networks[caller.network_id][str(identity)] = 1
        return Done(version=1)

    async def describe(self, query: DescribeDirectory, caller: Caller, _: None) -> Directory:
        self._check(caller, query)
        if caller.network_id not in self.networks:
            raise UnknownThing("network")
        plan = next(plan for plan in PLANS if plan.network_id == caller.network_id)
        return Directory(
            network=plan.network(), branches=[], practitioners=[], rooms=[], services=[],
            versions=self.networks[caller.network_id],
        )  # fmt: skip

    async def create(self, command: CreateStaff, caller: Caller, _: None) -> Done:
        self._check(caller, command)
        if self.gateway_is_behind:
            self.gateway_is_behind -= 1
            raise UnknownThing("network")
        self.staff[command.email] = command
        return Done(version=1)


@pytest.fixture
async def services(answering):
    played = Services()
    async with answering(played.answers):
        yield played


@pytest.fixture
def signing_key(keys) -> str:
    key: str = keys.private["gateway"]
    return key


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.network_id)
def test_every_demo_network_is_whole(plan):
    commands = dict(plan.commands())
    assert len(commands) == len(list(plan.commands())), "two things share an id"
    services = {c.service.service_id: c.service for c in commands.values() if isinstance(c, PutService)}
    branches = {c.branch.branch_id: c.branch for c in commands.values() if isinstance(c, PutBranch)}
    people = [c.practitioner for c in commands.values() if isinstance(c, PutPractitioner)]
    assert "hygiene" in {service.kind for service in services.values()}
    for service in services.values():
        assert set(service.name) == set(plan.locales)
        assert service.price is not None
        assert service.price.currency == plan.currency
    for person in people:
        assert person.service_ids
        assert set(person.service_ids) <= set(services)
        for hours in person.working_hours:
            opening = {rule.weekday: rule for rule in branches[hours.branch_id].hours}[hours.weekday]
            assert opening.opens <= hours.starts < hours.ends <= opening.closes, (person.name, hours)
    for branch in branches.values():
        here = [p for p in people if any(h.branch_id == branch.branch_id for h in p.working_hours)]
        chairs = [
            c for c in commands.values() if isinstance(c, PutRoom) and c.room.branch_id == branch.branch_id
        ]
        assert 3 <= len(here) <= 6
        assert len(chairs) == len(here)
        assert branch.address.floor
        assert branch.address.room
    offered = {service_id for person in people for service_id in person.service_ids}
    assert offered == set(services), "a service that nobody performs"


def test_the_five_jurisdictions_are_there_and_one_keeps_its_data_at_home():
    assert [plan.network_id for plan in PLANS] == ["demo-kz", "demo-br", "demo-ir", "demo-fr", "demo-tw"]
    assert [plan.network_id for plan in PLANS if plan.data_at_home] == ["demo-ir"]


def test_hygiene_in_kazakhstan_costs_25_000_tenge_for_an_hour():
    commands = [command for _, command in PLANS[0].commands()]
    (hygiene,) = [c.service for c in commands if isinstance(c, PutService) and c.service.kind == "hygiene"]
    assert (hygiene.price, hygiene.duration) == (Money(amount=2_500_000, currency="KZT"), 60)


def test_everybody_in_kazakhstan_has_a_russian_dative():
    people = [c.practitioner for _, c in PLANS[0].commands() if isinstance(c, PutPractitioner)]
    assert all("ru" in one.name_forms.dative and "ru" in one.speciality_dative for one in people)


def test_there_is_a_login_of_every_role_in_every_network():
    assert len({login.email for login in demo.LOGINS}) == 30
    assert demo.LOGINS[0].email == "reception@demo-kz.example"


async def test_the_second_run_puts_nothing(nats_server, services, signing_key):
    await ensure_demo(nats_server.url, signing_key)
    assert set(services.networks) == set(demo.NETWORKS)
    assert set(services.staff) == {login.email for login in demo.LOGINS}
    doctor, delegate = (services.staff[f"{role}@demo-kz.example"] for role in ("doctor", "delegate"))
    assert doctor.practitioner_id not in {None, doctor.staff_id}
    assert len(delegate.practitioner_ids) == 2
    services.received.clear()
    await ensure_demo(nats_server.url, signing_key)
    assert set(services.received) == {"DescribeDirectory", "CreateStaff"}


async def test_what_was_removed_half_way_is_filled_in(nats_server, services, signing_key):
    await ensure_demo(nats_server.url, signing_key, PLANS[:1])
    lost = services.networks["demo-kz"].popitem()[0]
    services.received.clear()
    await ensure_demo(nats_server.url, signing_key, PLANS[:1])
    assert lost in services.networks["demo-kz"]
    assert len([name for name in services.received if name.startswith("Put")]) == 1


async def test_a_gateway_that_has_not_heard_of_the_network_yet_is_asked_again(
    nats_server, services, signing_key
):
    services.gateway_is_behind = 2
    await ensure_demo(nats_server.url, signing_key, PLANS[:1])
    assert "admin@demo-kz.example" in services.staff


async def test_a_furnished_home_is_not_asked_again(nats_server, services, tmp_path, monkeypatch, signing_key):
    home = running_home(tmp_path, nats_server.url)
    home.postgres.mkdir()
    monkeypatch.setattr("devkit.home.Secrets.signing_key", lambda *_: signing_key)
    said = await demo.furnish(home, home_running(nats_server.url))
    assert "reception" in said[0]
    services.received.clear()
    assert await demo.furnish(home, home_running(nats_server.url)) == said
    assert services.received == []


def home_running(nats_url: str) -> Running:
    return Running(1, "http://gateway", "http://sandbox", nats_url, "", processes={"postgres": {"pid": 1}})


def running_home(tmp_path, nats_url: str) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    home.write_running(home_running(nats_url))
    return home


@pytest.fixture
def cli(tmp_path, nats_server, monkeypatch, keys):
    """A home that is running, and a way to run commands on it in a thread of their own."""
    home = running_home(tmp_path, nats_server.url)
    monkeypatch.setattr("devkit.home.Secrets.signing_key", lambda *_: keys.private["gateway"])

    async def run(command, *arguments: str):
        import asyncio

        with home.locked():
            return await asyncio.to_thread(
                CliRunner().invoke, command, [*arguments, "--home", str(home.path)], catch_exceptions=False
            )

    return run


async def test_network_create_opens_it_with_a_branch(cli, services):
    done = await cli(
        network.network,
        "create",
        "sorriso",
        "--country",
        "BR",
        "--zone",
        "America/Sao_Paulo",
        "--locale",
        "pt-BR",
    )
    assert done.exit_code == 0, done.output
    assert services.received == ["OpenNetwork", "PutBranch"]
    assert (services.opened.currency, services.opened.preset) == ("BRL", "br")
    assert "network sorriso" in done.output


async def test_a_second_network_of_that_name_is_refused_in_one_line(cli, services):
    arguments = ("create", "sorriso", "--country", "BR", "--zone", "America/Sao_Paulo", "--locale", "pt-BR")
    await cli(network.network, *arguments)
    with pytest.raises(CannotStart, match="network-exists"):
        await cli(network.network, *arguments)


async def test_a_zone_that_does_not_exist_is_a_usage_error(cli, services):
    done = await cli(
        network.network, "create", "x", "--country", "BR", "--zone", "Brazil/Nowhere", "--locale", "en"
    )
    assert done.exit_code == 2
    assert "zone: " in done.output
    assert services.received == []


async def test_staff_create_makes_a_password_and_shows_it_once(cli, services):
    done = await cli(staff.staff, "create", "ana@sorriso.example", "--network", "sorriso", "--role", "admin")
    assert done.exit_code == 0, done.output
    made = services.staff["ana@sorriso.example"]
    assert (made.roles, made.display_name) == (["admin"], "ana")
    assert done.output.count(made.password) == 1
    assert len(made.password) >= 16


async def test_staff_create_names_for_whom_a_delegate_acts(cli, services):
    doctors = [str(uuid4()), str(uuid4())]
    named = [word for one in doctors for word in ("--acts-for", one)]
    done = await cli(
        staff.staff, "create", "sec@sorriso.example", "--network", "sorriso", "--role", "delegate", *named
    )
    assert done.exit_code == 0, done.output
    assert [str(one) for one in services.staff["sec@sorriso.example"].practitioner_ids] == doctors


async def test_a_password_that_was_given_is_not_shown(cli, services):
    done = await cli(
        staff.staff,
        "create",
        "a@b.example",
        "--network",
        "n",
        "--role",
        "doctor",
        "--password",
        "s3cret-enough",
    )
    assert services.staff["a@b.example"].password == "s3cret-enough"
    assert "s3cret-enough" not in done.output


def test_nothing_is_ordered_of_a_home_that_does_not_run(tmp_path):
    async def nothing(_) -> None:
        raise AssertionError

    with pytest.raises(CannotStart, match="nothing runs"):
        orders.order(tmp_path, nothing)


def test_ids_are_the_same_in_every_home_and_differ_between_networks():
    other = replace(PLANS[0], network_id="other")
    assert next(iter(other.commands()))[0] != next(iter(PLANS[0].commands()))[0]
    assert [thing for thing, _ in PLANS[0].commands()] == [thing for thing, _ in PLANS[0].commands()]


def test_dead_letters_takes_the_names_of_services():
    done = CliRunner().invoke(dead_letters.dead_letters, ["list", "nobody"])
    assert done.exit_code == 2
