"""Who acts: a context signed by whoever authenticated it, and verified by whoever owns the data.

The gateway signs for people, once per HTTP request; a service acting by itself signs with its own key and may
claim nothing but `system:<itself>` (notifications also `patient-by-reply`). Events grant no authority.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.encoding import from_text
from common.errors import NotAllowed

LIFETIME_SECONDS = 60
GATEWAY = "gateway"
MAY_ALSO_CLAIM: Mapping[str, frozenset[str]] = {"notifications": frozenset({"patient-by-reply"})}


@dataclass(frozen=True)
class Caller:
    """On whose behalf something is asked.

    `actor` is `staff:<id>`, `patient:<id>`, `anonymous`, `api-key:<id>`, `patient-by-reply` or `system:<service>`.
    `practitioners` are whose agendas somebody is bound to: the one a doctor is, those a delegate books for.
    `purpose` is what the gateway authenticated it for (`staff`, `link`, `booking`, `webhook`, `system`).
    """

    network_id: str
    actor: str
    roles: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    purpose: str = "system"

    @property
    def is_patient(self) -> bool:
        """Whether a patient acts (by link, by reply or anonymously), who is bound by patients' rules."""
        return self.actor.startswith(("patient", "anonymous"))


def system(service: str, network_id: str) -> Caller:
    """A service acting by itself."""
    return Caller(network_id=network_id, actor=f"system:{service}", roles=("system",))


class Signer:
    """Signs contexts as `issuer`. A context is signed once and reused until it is half-way to its expiry."""

    def __init__(self, issuer: str, key: str) -> None:
        self.issuer = issuer
        self._key = Ed25519PrivateKey.from_private_bytes(from_text(key))
        self._signed: dict[Caller, tuple[str, float]] = {}

    def sign(self, caller: Caller) -> str:
        """A compact signed token, valid for a minute of wall time."""
        now = time.time()
        known = self._signed.get(caller)
        if known is not None and known[1] > now:
            return known[0]
        claims = {
            "iss": self.issuer,
            "exp": int(now) + LIFETIME_SECONDS,
            "net": caller.network_id,
            "act": caller.actor,
            "rol": list(caller.roles),
            "brn": list(caller.branches),
            "prc": list(caller.practitioners),
            "pur": caller.purpose,
        }
        token = jwt.encode(claims, self._key, algorithm="EdDSA")
        if len(self._signed) > 10_000:
            self._signed.clear()
        self._signed[caller] = (token, now + LIFETIME_SECONDS / 2)
        return token


class Verifier:
    """Checks signatures and what an issuer may claim. Verified tokens are remembered until they expire."""

    def __init__(self, trusted: Mapping[str, str]) -> None:
        self._keys = {
            name: Ed25519PublicKey.from_public_bytes(from_text(key)) for name, key in trusted.items()
        }
        self._verified: dict[str, tuple[Caller, float]] = {}

    def verify(self, token: str) -> Caller:
        """The caller, or `NotAllowed` where the signature, the expiry or the claim does not hold."""
        now = time.time()
        known = self._verified.get(token)
        if known is not None and known[1] > now:
            return known[0]
        try:
            issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
            claims = jwt.decode(
                token, self._keys[issuer], algorithms=["EdDSA"], options={"require": ["exp", "iss"]}, leeway=5
            )
            caller = Caller(
                network_id=claims["net"],
                actor=claims["act"],
                roles=tuple(claims["rol"]),
                branches=tuple(claims["brn"]),
                practitioners=tuple(claims.get("prc", ())),
                purpose=claims["pur"],
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise NotAllowed("The context of this request is not valid") from error
        if issuer != GATEWAY and caller.actor not in {f"system:{issuer}", *MAY_ALSO_CLAIM.get(issuer, ())}:
            raise NotAllowed(f"{issuer} may not act as {caller.actor}")
        if len(self._verified) > 10_000:
            self._verified.clear()
        self._verified[token] = (caller, float(claims["exp"]))
        return caller
