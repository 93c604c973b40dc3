"""How the cost of a search and of a booking grows with the appointments that the table holds."""

from typing import Any
from uuid import uuid4

from devkit.bench import bookings, slots
from devkit.bench.results import Result
from devkit.bench.stage import CLOSES, MINUTES, OPENS, Stage
from devkit.bench.work import until_quiet

SIZES = (10_000, 100_000, 1_000_000)
A_DAY = (CLOSES - OPENS) * 60 // MINUTES
EACH = 2 * 365 * A_DAY
"""Visits of one practitioner: two years, every slot of every day."""


async def measure(stage: Stage) -> list[Result]:
    """The same questions at each size; the future, which they are about, stays as it is."""
    free = iter(reversed(stage.instants()))
    await bookings.book(stage, [next(free)], 1)
    await slots.fill(stage, slots.BOOKED)
    results = []
    for size in SIZES:
        await _grow(stage, size)
        await until_quiet(stage)
        day, _ = await slots.search(stage, slots.days(stage), 400, 1)
        month, found = await slots.search(stage, [slots.month(stage)], 20, 1)
        booked = await bookings.book(stage, await _free(stage, 200), 16)
        await until_quiet(stage)
        for what, done in ((slots.DAY, day), (slots.MONTH, month), ("booking", booked)):
            results.append(
                Result(
                    f"{size:,} booked: {what}", done.everything, "ms CPU",
                    notes=f"of everything; {done.answering:.2f} ms of the services"
                    + (f"; {found:,.0f} free" if done is month else ""),
                )
            )  # fmt: skip
    return results


async def _free(stage: Stage, count: int) -> bookings.Slots:
    async with stage.connected("booking") as booking:
        taken = {
            (one["practitioner_id"], one["starts_at"])
            for one in await booking.fetch(
                "SELECT practitioner_id, starts_at FROM appointments WHERE starts_at >= $1", stage.first_day
            )
        }
    return [one for one in stage.instants() if one not in taken][:count]


async def _grow(stage: Stage, size: int) -> None:
    """Fill two years back, practitioner by practitioner, ours first.

    The constraints are taken off meanwhile and checked afterwards all at once: row by row it would take an hour.
    """
    async with stage.connected("booking") as booking:
        held = await booking.fetchval("SELECT count(*) FROM appointments")
        constraints = await booking.fetch(
            "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
            " WHERE conrelid = 'appointments'::regclass AND contype = 'x'"
        )
        for one in constraints:
            await booking.execute(f"ALTER TABLE appointments DROP CONSTRAINT {one['conname']}")
        row = await booking.fetchrow("SELECT * FROM appointments WHERE status = 'booked' LIMIT 1")
        whose = [*stage.practitioners, *(uuid4() for _ in range(size // EACH + 1))]
        await booking.execute(_past(row), row["appointment_id"], whose, stage.first_day, held, size)
        for one in constraints:
            await booking.execute(
                f"ALTER TABLE appointments ADD CONSTRAINT {one['conname']} {one['definition']}"
            )
        await booking.execute("VACUUM ANALYZE appointments")


def _past(row: Any) -> str:
    """Copies of one visit, numbered from $4 to $5, for the practitioners $2 in turn, back in time from the day $3."""
    starts = (
        f"$3::timestamptz - make_interval(days => (number % {EACH} / {A_DAY})::int + 1)"
        f" + make_interval(hours => {OPENS}, mins => (number % {A_DAY})::int * {MINUTES})"
    )
    ends = f"{starts} + make_interval(mins => {MINUTES})"
    other = {
        "appointment_id": "gen_random_uuid()",
        "patient_id": "gen_random_uuid()",
        "practitioner_id": f"($2::uuid[])[number / {EACH} + 1]",
        "starts_at": starts,
        "ends_at": ends,
        "visit": f"tstzrange({starts}, {ends})",
        "busy": f"tstzrange({starts}, {ends})",
    }
    columns = list(row.keys())
    values = ", ".join(other.get(name, f"one.{name}") for name in columns)
    return (
        f"INSERT INTO appointments ({', '.join(columns)}) SELECT {values}"  # noqa: S608 - a schema's own names
        " FROM appointments one, generate_series($4::bigint, $5::bigint - 1) AS number"
        " WHERE one.appointment_id = $1"
    )
