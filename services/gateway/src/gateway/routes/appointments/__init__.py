"""The desk: appointments, walk-ins and payments."""

from fastapi import APIRouter

from gateway.routes.appointments import booking, changing, looking, paying

routers: tuple[APIRouter, ...] = (looking.router, booking.router, changing.router, paying.router)
