"""What is sealed of a person: the card, and the chart of alerts and tags."""

from typing import Any

from common.contracts.patient_profile import Alert, Card
from common.sealed import Seal
from patient_profile.rules.patients import Patient

CARD, CHART = "patients.card", "patients.chart"


def sealed_card(card: Card, seal: Seal) -> bytes:
    """Everything of a card that is not a column of its own."""
    content = card.model_dump(
        mode="json", exclude={"patient_id", "version", "provisional"}, exclude_defaults=True
    )
    return seal.close(content, about=CARD)


def sealed_chart(patient: Patient, seal: Seal) -> bytes | None:
    """Alerts and tags; nothing where there are none."""
    if not patient.alerts and not patient.tags:
        return None
    alerts = [alert.model_dump(mode="json") for alert in patient.alerts]
    return seal.close({"alerts": alerts, "tags": list(patient.tags)}, about=CHART)


def card_of(row: Any, seal: Seal) -> Card:
    """The card in a row of `patients`."""
    content = seal.open(row.card, about=CARD)
    return Card.model_validate(
        {
            **content,
            "patient_id": row.patient_id,
            "version": row.version,
            "provisional": row.provisional,
        }
    )


def alerts_of(row: Any, seal: Seal) -> list[Alert]:
    """The alerts in a row of `patients`."""
    if row.chart is None:
        return []
    return [Alert.model_validate(alert) for alert in seal.open(row.chart, about=CHART)["alerts"]]


def patient_of(row: Any, seal: Seal) -> Patient:
    """The whole patient in a row of `patients`."""
    tags = seal.open(row.chart, about=CHART)["tags"] if row.chart is not None else []
    return Patient(
        card=card_of(row, seal),
        alerts=tuple(alerts_of(row, seal)),
        tags=tuple(tags),
        created_at=row.created_at,
    )
