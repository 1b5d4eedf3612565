"""The host names by which programs on this machine call the local stack.

A page of any site can send requests to 127.0.0.1. If the site's own name resolves to 127.0.0.1 for a moment (DNS
rebinding), the page can read the answers too, since the browser believes that they come from the page's own site. Only
the Host header shows that such a request is not ours.
"""

from local.bridge import bridge_address

# The containers of `sam local` use Docker's bridge: local/bridge.py. Its usual address is accepted even without Docker.
# A name can be rebound to another address, but an address cannot.
_BRIDGE = "172.17.0.1"
OWN = frozenset({"localhost", "127.0.0.1", "[::1]", "host.docker.internal", _BRIDGE, bridge_address() or _BRIDGE})


def is_own(host: str) -> bool:
    """Whether a Host header names this machine, such as `localhost:8000` or `[::1]`. The port does not matter."""
    name = host.lower()
    return (name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]) in OWN
