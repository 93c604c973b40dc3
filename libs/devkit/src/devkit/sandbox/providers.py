"""The providers that the sandbox plays: what each tells the gateway, and the API that each has."""

from collections.abc import Iterator

from fastapi import APIRouter
from pydantic import SecretStr

from devkit.sandbox.carrier import Carrier, Provider
from devkit.sandbox.instagram.api import InstagramApi
from devkit.sandbox.instagram.webhooks import Instagram
from devkit.sandbox.kavenegar.api import KavenegarApi
from devkit.sandbox.kavenegar.webhooks import ByProvider
from devkit.sandbox.line.api import LineApi
from devkit.sandbox.line.webhooks import Line
from devkit.sandbox.returned import ReturnedMail
from devkit.sandbox.settings import Settings
from devkit.sandbox.sms.api import SmsApi
from devkit.sandbox.sms.webhooks import Sms
from devkit.sandbox.telegram.api import TelegramApi
from devkit.sandbox.telegram.webhooks import Telegram
from devkit.sandbox.voice.api import VoiceApi
from devkit.sandbox.voice.telephone import Telephone
from devkit.sandbox.voice.webhooks import Voice
from devkit.sandbox.whatsapp.api import WhatsAppApi
from devkit.sandbox.whatsapp.webhooks import WhatsApp


def wires(settings: Settings) -> dict[str, Provider]:
    """By channel: how its provider writes its webhooks."""
    return {
        "whatsapp": WhatsApp(
            callback=settings.whatsapp_callback, app_secret=settings.whatsapp_app_secret.get_secret_value()
        ),
        "sms": ByProvider(
            Sms(callback=settings.sms_callback, auth_token=settings.sms_auth_token.get_secret_value()),
            callback=settings.kavenegar_callback,
            key=settings.kavenegar_webhook_key.get_secret_value(),
            accounts=settings.kavenegar_accounts,
        ),
        "voice": Voice(
            callback=settings.voice_callback, auth_token=settings.sms_auth_token.get_secret_value()
        ),
        "telegram": Telegram(
            callback=settings.telegram_callback, secret=settings.telegram_webhook_secret.get_secret_value()
        ),
        "line": Line(
            callback=settings.line_callback, channel_secret=settings.line_channel_secret.get_secret_value()
        ),
        "instagram": Instagram(
            callback=settings.instagram_callback, app_secret=settings.instagram_app_secret.get_secret_value()
        ),
        "email": ReturnedMail(
            callback=settings.email_callback, password=settings.email_webhook_secret.get_secret_value()
        ),
    }


def routers(settings: Settings, carrier: Carrier) -> Iterator[APIRouter]:
    """Where the product sends to."""
    hang = settings.hang_seconds
    yield WhatsAppApi(
        carrier,
        token=_plain(settings.whatsapp_token),
        hang_seconds=hang,
        refuses_window_by=settings.whatsapp_window_refusal,
    ).router()
    yield SmsApi(
        carrier, token=_plain(settings.sms_token), hang_seconds=hang, stop_words=settings.sms_stop_words
    ).router()
    yield KavenegarApi(carrier, key=_plain(settings.kavenegar_key), hang_seconds=hang).router()
    telephone = Telephone(carrier)
    yield VoiceApi(carrier, telephone, token=_plain(settings.sms_token), hang_seconds=hang).router()
    yield TelegramApi(carrier, secret=_plain(settings.telegram_secret), hang_seconds=hang).router()
    yield LineApi(carrier, secret=_plain(settings.line_secret), hang_seconds=hang).router()
    yield InstagramApi(carrier, secret=_plain(settings.instagram_secret), hang_seconds=hang).router()


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
