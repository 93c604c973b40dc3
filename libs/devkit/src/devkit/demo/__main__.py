"""`python -m devkit.demo`: the demo networks in an installation that is no home, such as the compose file's.

`SANDBOX_NATS_URL` says where its NATS is, `GATEWAY_SIGNING_KEY` signs the orders: a sandbox has both, production has
no sandbox.
"""

import asyncio
import os
import sys

from devkit.demo import NETWORKS, PASSWORD, ROLES
from devkit.demo.making import ensure_demo


def main() -> None:
    """Make what is missing; harmless when repeated."""
    missing = [name for name in ("SANDBOX_NATS_URL", "GATEWAY_SIGNING_KEY") if not os.environ.get(name)]
    if missing:
        sys.exit(f"not set: {', '.join(missing)}")
    asyncio.run(ensure_demo(os.environ["SANDBOX_NATS_URL"], os.environ["GATEWAY_SIGNING_KEY"]))
    print(f"logins {{{','.join(ROLES)}}}@{{{','.join(NETWORKS)}}}.example  password {PASSWORD}")


if __name__ == "__main__":
    main()
