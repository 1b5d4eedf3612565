#!/usr/bin/env bash
# What the tests in a browser need beside `make setup`: Debian's Chromium, Playwright, which drives it, and, where npm is,
# what checks the console: TypeScript, axe-core and an OpenID provider (tests/core/browser/tools/package-lock.json).
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v chromium >/dev/null; then
  command -v apt-get >/dev/null || { echo "setup: chromium is missing and there is no apt-get; install it by hand" >&2; exit 1; }
  echo "setup: chromium is missing: installing it (apt-get)" >&2
  sudo=()
  if [ "$(id -u)" != 0 ]; then sudo=(sudo); fi
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1
fi
.venv/bin/python -c 'import playwright' 2>/dev/null ||
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/browser.txt

tools=tests/core/browser/tools
if command -v npm >/dev/null && ! cmp -s "$tools/package-lock.json" "$tools/node_modules/installed.json"; then
  echo "setup: npm ci in $tools" >&2
  if npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$tools" >&2; then
    cp "$tools/package-lock.json" "$tools/node_modules/installed.json"
  else
    echo "setup: npm could not install $tools; the tests with it are skipped" >&2
  fi
fi
