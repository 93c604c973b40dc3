"""The directory of a network: as everybody knows it, and how the network sets it up."""

from fastapi import APIRouter

from gateway.routes.directory import public, setting_up
from gateway.routes.directory.public import everybody

__all__ = ["everybody", "routers"]

routers: tuple[APIRouter, ...] = (public.router, setting_up.router)
