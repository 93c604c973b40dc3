"""How providers sign their webhooks, by their published algorithms."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def meta(app_secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256`: HMAC-SHA256 of the raw body under the app's secret."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def twilio(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 of the full URL followed by each parameter's name and value, sorted."""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def line(channel_secret: str, body: bytes) -> str:
    """`x-line-signature`: base64 of HMAC-SHA256 of the raw body under the channel's secret."""
    return base64.b64encode(hmac.new(channel_secret.encode(), body, hashlib.sha256).digest()).decode()
