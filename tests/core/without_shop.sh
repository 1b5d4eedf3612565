#!/usr/bin/env bash
# Runs the engine's tests in a copy of the repository without the shop: of chalicelib the core alone is left, and there is
# neither app.py with its template nor the demo nor any other test. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=$PWD/.venv/bin/python
copy=$(mktemp -d)
trap 'rm -rf -- "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done | xargs -0 cp --parents -t "$copy"
ln -s "$PWD"/.venv* "$copy"  # the copy's own set-up is this one's
cd "$copy"
find chalicelib -mindepth 1 -maxdepth 1 ! -name core ! -name __init__.py -exec rm -rf {} +
find tests -mindepth 1 -maxdepth 1 -type d ! -name core ! -name support -exec rm -rf {} +
rm -rf app.py template.yaml infrastructure events demo bench
"$python" -m pytest -p no:cacheprovider tests/core "$@"
