#!/usr/bin/env bash
# What builds the documentation site: Zensical and griffe in .venv-docs, and Mermaid for its diagrams, by npm.
set -euo pipefail
cd "$(dirname "$0")/../.."

mermaid=mermaid@12.3.0
integrity=sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw==
local/venv.sh docs
[ "$(cat .venv-docs/mermaid 2>/dev/null)" != "$integrity" ] || exit 0

command -v npm >/dev/null || { echo "setup: npm is missing; it fetches $mermaid, which draws the diagrams" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "$mermaid" >/dev/null)
fetched="sha512-$(openssl dgst -sha512 -binary "$folder"/*.tgz | base64 -w0)"
[ "$fetched" = "$integrity" ] || { echo "setup: $mermaid is not what it was: $fetched" >&2; exit 1; }
tar -xzf "$folder"/*.tgz -C "$folder" package/dist/mermaid.min.js package/LICENSE
cp "$folder/package/dist/mermaid.min.js" .venv-docs/mermaid.min.js
echo "$integrity" >.venv-docs/mermaid
