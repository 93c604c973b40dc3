"""Where consents is put together: the only place that constructs."""

from fastapi import FastAPI

from common import service
from common.sealed import Sealer
from consents import handlers
from consents.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application."""
    core = service.core("consents", settings)
    parts = handlers.Parts(
        database=core.database, asks=core.asks, clock=core.clock, sealer=Sealer(settings.sealing_key)
    )
    return service.app(core, answers=handlers.answers, readers=handlers.readers, parts=parts)


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    service.run("consents", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()
