"""What the sandbox counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            "sandbox_accepted", "Messages accepted from the product", ["channel"], registry=self.registry
        )
        self.refused = Counter(
            "sandbox_refused",
            "Messages refused, by the provider's code",
            ["channel", "code"],
            registry=self.registry,
        )
        self.struck = Counter(
            "sandbox_faults_struck", "Faults that struck", ["channel", "kind"], registry=self.registry
        )
        self.callbacks = Counter(
            "sandbox_callback_posts", "POSTs of webhooks", ["channel", "outcome"], registry=self.registry
        )
        self.outstanding = Gauge(
            "sandbox_callbacks_outstanding", "Webhooks not yet taken by the gateway", registry=self.registry
        )
