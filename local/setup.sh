#!/usr/bin/env bash
# Makes ready what `make` needs, and says what it does: Python, two virtual environments, curl and mariadbd.
# On Debian and its like it installs what is missing, as root or by sudo. Run again, it finds all done.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two terminals at once must not make the same environment: the second waits, and finds it made.
if command -v flock >/dev/null; then
  exec 9<local/setup.sh
  flock -n 9 || { echo "setup: another make is installing; waiting for it" >&2; flock 9; }
fi

say() { echo "setup: $*" >&2; }
fail() { say "$@"; exit 1; }

# install PURPOSE PACKAGE...
install() {
  local purpose=$1 sudo=()
  shift
  command -v apt-get >/dev/null || fail "$purpose is missing and there is no apt-get; install it by hand ($*), then run make again"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$purpose is missing; as root: apt-get install $*"
    sudo=(sudo)
  fi
  say "$purpose is missing: installing $* (apt-get)"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
    fail "apt-get could not install $*; run it by hand to see why: apt-get install $*"
}

# The first Python that is 3.11 to 3.13 and can make virtual environments.
find_python() {
  local candidate
  for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# The files name every release with its hashes: what is installed is what was locked, or nothing.
requirements=$(cat requirements.txt requirements-dev.txt | sha256sum)
if [ ! -x .venv/bin/python ] || [ "$(cat .venv/installed 2>/dev/null)" != "$requirements" ]; then
  python=$(find_python)
  if [ -z "$python" ]; then
    install "Python 3.11 to 3.13 with venv" python3 python3-venv
    python=$(find_python)
  fi
  [ -n "$python" ] || fail "no Python from 3.11 to 3.13 was found; name one: make PYTHON=/path/to/python3"
  say "making .venv with $("$python" --version) (pip install -r requirements-dev.txt)"
  "$python" -m venv --clear .venv
  # pip first: that of Debian 12 does not understand every file of hashes.
  for file in requirements/pip.txt requirements-dev.txt; do
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$file"
  done
  echo "$requirements" >.venv/installed
fi
# MiniStack pins a botocore of its own.
local/venv.sh ministack

# The tour in the README is made of curl commands, and a test runs it.
command -v curl >/dev/null || install "curl" curl

# Another MySQL may do instead. The package is the bare server: it starts nothing on the machine.
if [ -z "${DATABASE_URL:-}${TEST_DATABASE_URL:-}" ]; then
  PATH=$PATH:/usr/sbin:/usr/local/sbin
  command -v mariadbd >/dev/null || install "mariadbd" mariadb-server-core
fi
