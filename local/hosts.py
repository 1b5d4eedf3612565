"""By which names this machine's own programs call the local stack; a web page that is not ours comes by others.

A page of any site can send requests to 127.0.0.1. By its own name (DNS rebinding: evil.example resolves to 127.0.0.1
for a moment) it could read the answers too, since for the browser they come from the page's own site. Only the Host
header tells such a request from ours.
"""

from local.bridge import bridge_address

# Docker's bridge is there for the containers of `sam local`: local/bridge.py. Its usual address is taken even where
# there is no Docker yet: an address cannot be rebound, a name can.
_BRIDGE = "172.17.0.1"
OWN = frozenset({"localhost", "127.0.0.1", "[::1]", "host.docker.internal", _BRIDGE, bridge_address() or _BRIDGE})


def is_own(host: str) -> bool:
    """Whether a Host header names this machine: `localhost:8000`, `[::1]`; its port does not matter."""
    name = host.lower()
    return (name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]) in OWN
