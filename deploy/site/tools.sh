#!/usr/bin/env bash
# What builds the documentation site: Zensical and griffe in .venv-docs, and Mermaid for its diagrams, by npm.
set -euo pipefail
cd "$(dirname "$0")/../.."

mermaid=mermaid@12.3.0
integrity=sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw==
fingerprint=$(cat requirements/docs.txt deploy/site/tools.sh | sha256sum)
[ "$(cat .venv-docs/installed 2>/dev/null)" != "$fingerprint" ] || exit 0

command -v npm >/dev/null || { echo "setup: npm is missing; it fetches $mermaid, which draws the diagrams" >&2; exit 1; }
echo "setup: making .venv-docs (requirements/docs.txt, $mermaid)" >&2
.venv/bin/python -m venv --clear .venv-docs
for file in requirements/pip.txt requirements/docs.txt; do
  .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check -r "$file"
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "$mermaid" >/dev/null)
fetched="sha512-$(openssl dgst -sha512 -binary "$folder"/*.tgz | base64 -w0)"
[ "$fetched" = "$integrity" ] || { echo "setup: $mermaid is not what it was: $fetched" >&2; exit 1; }
tar -xzf "$folder"/*.tgz -C "$folder" package/dist/mermaid.min.js package/LICENSE
cp "$folder/package/dist/mermaid.min.js" .venv-docs/mermaid.min.js
echo "$fingerprint" >.venv-docs/installed
