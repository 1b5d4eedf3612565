#!/usr/bin/env bash
# What the tests in a browser need beside `make setup`: Debian's Chromium, and Playwright, which drives it.
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
