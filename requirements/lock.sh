#!/usr/bin/env bash
# Works out, from the .in files here, every release that is installed and the hashes of its files, for all platforms:
# requirements.txt, requirements-dev.txt and the .txt files here. Releases that are locked stay; with --upgrade, the newest.
set -euo pipefail
cd "$(dirname "$0")/.."

local/venv.sh lock

lock() { # in, out, more options...
  local in=$1 out=$2
  shift 2
  .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
    --custom-compile-command "make lock" "$@" --output-file "$out" "requirements/$in.in"
}

lock pip requirements/pip.txt "$@"
lock runtime requirements.txt --constraints requirements/pip.txt "$@"
lock dev requirements-dev.txt --constraints requirements.txt "$@"
for set in ministack sam lambda rehearsal checkov iam patterns browser audit api docs peers lock; do
  lock "$set" "requirements/$set.txt" "$@"
done
