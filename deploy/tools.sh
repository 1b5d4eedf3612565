#!/usr/bin/env bash
# The tools of a deployment and of its tests, each in a virtual environment of its own, since they pin what they need:
# .venv-sam has `sam` and `cfn-lint`, and with them the Runtime Interface Emulator of Lambda; .venv-lambda has Lambda's
# Python runtime and nothing else, so that a package which lacks a library fails there as it would on Lambda;
# .venv-rehearsal has MiniStack with SAM's transform; .venv-checkov and .venv-iam (policy_sentry and parliament, which know
# the definitions of IAM) judge templates and policies; .venv-patterns has localstack's rules of event patterns.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-.venv/bin/python}

venv() { # name, of the folder .venv-NAME and of the file requirements/NAME.txt
  local folder=.venv-$1 requirements=requirements/$1.txt stamp
  stamp="$folder/.installed-$(sha256sum <"$requirements" | cut -c1-12)"
  if [ -e "$stamp" ]; then return; fi
  echo "setup: $folder: pip install -r $requirements"
  "$PYTHON" -m venv "$folder"
  for file in requirements/pip.txt "$requirements"; do
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$file"
  done
  rm -f "$folder"/.installed-*
  touch "$stamp"
}

venv sam
venv lambda
venv rehearsal
if [ "${1:-}" = --checkov ]; then
  venv checkov
  venv iam
  venv patterns
fi
