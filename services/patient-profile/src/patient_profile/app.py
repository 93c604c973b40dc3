"""Where patient-profile is put together: the only place that constructs."""

from fastapi import FastAPI

from common import service
from common.sealed import Sealer
from patient_profile import handlers, workers
from patient_profile.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application."""
    core = service.core("patient_profile", settings)
    parts = handlers.Parts(
        database=core.database, asks=core.asks, clock=core.clock, sealer=Sealer(settings.sealing_key)
    )
    return service.app(
        core,
        answers=handlers.answers,
        readers=handlers.readers,
        parts=parts,
        workers=workers.loops(parts),
    )


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    service.run("patient_profile", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()
