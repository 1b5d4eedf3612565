#!/usr/bin/env bash
# The frameworks that `make bench` starts beside ours, in .venv-peers: Powertools with pydantic, FastAPI with Mangum.
set -euo pipefail
cd "$(dirname "$0")/../.."

fingerprint=$(cat requirements/peers.txt bench/peers/tools.sh | sha256sum)
[ "$(cat .venv-peers/installed 2>/dev/null)" != "$fingerprint" ] || exit 0

echo "setup: making .venv-peers (requirements/peers.txt)" >&2
.venv/bin/python -m venv --clear .venv-peers
for file in requirements/pip.txt requirements/peers.txt; do
  .venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r "$file"
done
echo "$fingerprint" >.venv-peers/installed
