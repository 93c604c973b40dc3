"""The statement that a whole schedule was looked at: what it says, its signature, and whether both still fit.

The signature is a compact JWS (RFC 7515, EdDSA) over the statement's own bytes, by the service's signing key: it can
be verified offline, years later, by whoever has the public key.
"""

import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.encoding import from_text
from common.errors import Refused


class ProofBroken(Refused):
    """The statement is not what was signed, or not by this key."""

    code = "proof-broken"


def statement(
    *, made_at: str, constraints: Mapping[str, str], expected: Mapping[str, str], networks: Mapping[str, Any]
) -> dict[str, Any]:
    """What is claimed. `holds` is true only where each constraint is in force, word for word, and no network has an
    overlap: one of the same name can forbid less."""
    missing = sorted(set(expected) - set(constraints))
    changed = {
        name: definition for name, definition in sorted(constraints.items()) if definition != expected[name]
    }
    overlaps = sum(len(found) for one in networks.values() for found in one["overlaps"].values())
    return {
        "claim": "no practitioner, room or patient is in two places at one time",
        "made_at": made_at,
        "holds": not missing and not changed and overlaps == 0,
        "overlaps": overlaps,
        "constraints_missing": missing,
        "constraints_changed": changed,
        "constraints_in_force": dict(sorted(constraints.items())),
        "networks": dict(sorted(networks.items())),
    }


def sign(claimed: Mapping[str, Any], key: str) -> str:
    """The statement under its signature. `key` is the service's private key (base64url, 32 bytes)."""
    payload = json.dumps(claimed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return jwt.PyJWS().encode(payload, Ed25519PrivateKey.from_private_bytes(from_text(key)), "EdDSA")


def read(signed: str, public_key: str) -> dict[str, Any]:
    """The statement that was signed by the owner of this key. Raises `ProofBroken`."""
    try:
        payload = jwt.PyJWS().decode(
            signed.strip(), Ed25519PublicKey.from_public_bytes(from_text(public_key)), algorithms=["EdDSA"]
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise ProofBroken("The statement is not what was signed by this key") from error
    claimed: dict[str, Any] = json.loads(payload)
    return claimed
