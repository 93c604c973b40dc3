"""Where recall is put together: the only place that constructs."""

from fastapi import FastAPI

from common import service
from recall import handlers, workers
from recall.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service as an ASGI application."""
    core = service.core("recall", settings)
    parts = handlers.Parts(database=core.database, asks=core.asks, clock=core.clock)
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
    service.run("recall", lambda: create_app(settings), settings)


if __name__ == "__main__":
    main()
