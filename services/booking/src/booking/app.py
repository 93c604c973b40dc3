"""The service put together: the only place that constructs."""

from datetime import timedelta

from fastapi import FastAPI

from booking import handlers, workers
from booking.handlers import Parts
from booking.settings import Settings
from booking.tables.directory import Directories
from common import service


def create_app(settings: Settings) -> FastAPI:
    """The whole service, not yet connected to anything."""
    core = service.core("booking", settings)
    parts = Parts(
        database=core.database,
        clock=core.clock,
        directories=Directories(),
        moves_limit=settings.patient_moves_limit,
        overbook_limit=settings.overbook_limit,
        offer_lasts=timedelta(minutes=settings.waitlist_offer_minutes),
    )
    loops = [
        workers.expire_holds(parts),
        workers.pass_on_offers(parts),
        workers.expire_referrals(parts),
    ]
    return service.app(core, answers=handlers.answers, parts=parts, workers=loops)


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    service.run("booking", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()
