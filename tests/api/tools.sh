#!/usr/bin/env bash
# What the tests of the API's description need beside `make setup`: a client generator and schemathesis, in .venv-api,
# and redocly, where npm is.
set -euo pipefail
cd "$(dirname "$0")/../.."

redocly=@redocly/cli@2.77.0
fingerprint=$(cat requirements/api.txt tests/api/tools.sh | sha256sum)
[ "$(cat .venv-api/installed 2>/dev/null)" != "$fingerprint" ] || exit 0

echo "setup: making .venv-api (requirements/api.txt)" >&2
.venv/bin/python -m venv --clear .venv-api
for file in requirements/pip.txt requirements/api.txt; do
  .venv-api/bin/python -m pip install --quiet --disable-pip-version-check -r "$file"
done
if command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --prefix .venv-api "$redocly" >&2 ||
    echo "setup: npm could not install $redocly; the test with it is skipped" >&2
fi
echo "$fingerprint" >.venv-api/installed
