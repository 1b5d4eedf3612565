#!/usr/bin/env bash
# local/venv.sh NAME...: for each name the virtual environment .venv-NAME, with the releases of requirements/NAME.txt and
# nothing else. One that is current stays as it is. Tools that pin what they need have an environment each.
set -euo pipefail
cd "$(dirname "$0")/.."

# An upgrade of the system may have removed the Python of which an environment was made.
current() { [ -x "$folder/bin/python" ] && [ "$(cat "$folder/installed" 2>/dev/null)" = "$fingerprint" ]; }

for name in "$@"; do
  folder=.venv-$name requirements=requirements/$name.txt
  fingerprint=$(sha256sum <"$requirements")
  if current; then continue; fi
  # Two terminals at once must not make the same environment: the second waits, and finds it made.
  if command -v flock >/dev/null; then
    exec 8<"$requirements"
    flock -n 8 || { echo "setup: another make is making $folder; waiting for it" >&2; flock 8; }
    if current; then continue; fi
  fi
  echo "setup: making $folder (pip install -r $requirements)" >&2
  .venv/bin/python -m venv --clear "$folder"
  # pip first: that of Debian 12 does not understand every file of hashes.
  for file in requirements/pip.txt "$requirements"; do
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$file"
  done
  echo "$fingerprint" >"$folder/installed"
done
