"""Providers that sign no body are told apart by a secret of each network: one network's is no other's."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.settings import Settings

from .conftest import Api
from .owners import Owners
from .test_webhooks import basic, telegram

OWN, ANOTHERS = "secret-of-this-network", "secret-of-another-network"


@pytest.fixture
def settings(settings: Settings, network_id: str) -> Settings:
    secrets = {network_id: OWN, "another-network": ANOTHERS}
    names = ("telegram_webhook_secret", "kavenegar_webhook_key", "email_webhook_secret")
    return settings.model_copy(update=dict.fromkeys(names, secrets))


def presented(provider: str, secret: str) -> dict[str, Any]:
    """How a webhook of this provider shows the secret."""
    match provider:
        case "telegram":
            return {"headers": telegram(b"", secret.encode())}
        case "kavenegar":
            return {"params": {"key": secret}}
        case _:
            return {"headers": basic(secret)}


@pytest.mark.parametrize("provider", ["telegram", "kavenegar", "email"])
async def test_the_secret_of_one_network_opens_no_other(api: Api, owners: Owners, provider: str) -> None:
    path = f"/webhooks/{provider}/{owners.network_id}"
    refused = await api.post(path, content=b"{}", **presented(provider, ANOTHERS))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/bad-signature")
    assert owners.webhooks == []
    assert (await api.post(path, content=b"{}", **presented(provider, OWN))).status_code == 200


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("", {}),
        ("one-for-everybody", {"*": "one-for-everybody"}),
        ('{"clinic": "secret-of-clinic"}', {"clinic": "secret-of-clinic"}),
    ],
)
def test_a_secret_is_one_for_all_or_one_for_each(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: str, held: dict[str, str]
) -> None:
    monkeypatch.setenv("GATEWAY_TELEGRAM_WEBHOOK_SECRET", given)
    monkeypatch.setenv("GATEWAY_KAVENEGAR_WEBHOOK_KEY", given)
    read = Settings()
    assert read.telegram_webhook_secret == read.kavenegar_webhook_key == held


@pytest.mark.parametrize("given", ["short", '{"clinic": "short"}', '{"clinic": '])
def test_a_secret_that_can_be_guessed_or_read_by_nobody_stops_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("GATEWAY_KAVENEGAR_WEBHOOK_KEY", given)
    with pytest.raises(ValidationError):
        Settings()
