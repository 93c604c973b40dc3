"""How providers sign what they send, by their published algorithms."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

from common.errors import Refused


class BadSignature(Refused):
    """The webhook does not come from the provider, or was changed on the way."""

    code = "bad-signature"


def check_meta(app_secret: str, body: bytes, signature: str | None) -> None:
    """`X-Hub-Signature-256`: HMAC-SHA256 of the raw body under the app's secret."""
    _check(app_secret, "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest(), signature)


def check_line(channel_secret: str, body: bytes, signature: str | None) -> None:
    """`x-line-signature`: base64 of HMAC-SHA256 of the raw body under the channel's secret."""
    mac = hmac.new(channel_secret.encode(), body, hashlib.sha256).digest()
    _check(channel_secret, base64.b64encode(mac).decode(), signature)


def check_telegram(secret: str, given: str | None) -> None:
    """`X-Telegram-Bot-Api-Secret-Token`: the secret itself, with which the webhook was set."""
    _check(secret, secret, given)


def check_twilio(auth_token: str, url: str, form: Sequence[tuple[str, str]], signature: str | None) -> None:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 of the full URL and each parameter's name and value, sorted."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    mac = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    _check(auth_token, base64.b64encode(mac).decode(), signature)


def check_password(secret: str, authorization: str | None) -> None:
    """`Authorization: Basic …`, whatever the name: mail servers and inbound mail providers sign nothing, but call an
    address that holds a password."""
    scheme, _, given = (authorization or "").partition(" ")
    try:
        password = base64.b64decode(given, validate=True).decode().partition(":")[2]
    except ValueError:
        password = ""
    _check(secret, secret, password if scheme.lower() == "basic" else None)


def command_id(network_id: str, provider: str, query: str, body: bytes) -> UUID:
    """The same webhook is the same command, however often the provider repeats it."""
    content = hashlib.sha256(body).hexdigest()
    return uuid5(NAMESPACE_URL, f"vinculo:webhook:{network_id}:{provider}:{query}:{content}")


def _check(secret: str, expected: str, given: str | None) -> None:
    """Without a secret nothing holds: the provider is not set up."""
    same = hmac.compare_digest(expected.encode(), (given or "").encode("utf-8", "replace"))
    if not secret or not same:
        raise BadSignature("The signature of this webhook does not hold")
