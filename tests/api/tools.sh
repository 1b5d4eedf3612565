#!/usr/bin/env bash
# What the tests of the API's description need beside `make setup`: a client generator and schemathesis, in .venv-api,
# and redocly, where npm is.
set -euo pipefail
cd "$(dirname "$0")/../.."

redocly=@redocly/cli@2.77.0
local/venv.sh api
[ "$(cat .venv-api/redocly 2>/dev/null)" != "$redocly" ] || exit 0

if command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --prefix .venv-api "$redocly" >&2 ||
    echo "setup: npm could not install $redocly; the test with it is skipped" >&2
fi
echo "$redocly" >.venv-api/redocly
