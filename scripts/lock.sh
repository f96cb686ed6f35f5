#!/bin/sh
# Write requirements/*.txt from pyproject.toml: exact versions with hashes, no index named.
# Pass e.g. `--upgrade` or `--upgrade-package starlette` to move versions; without, they stay.
set -eu
cd "$(dirname "$0")/.."

compile() { # compile OUTPUT [option...]
    output=$1
    shift
    "${BIN:-.venv/bin}/uv" pip compile pyproject.toml requirements/build.in "$@" \
        --quiet --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --custom-compile-command "make lock" --output-file "$output" >/dev/null
}

compile requirements/runtime.txt "$@"
compile requirements/dev.txt --extra dev --constraint requirements/runtime.txt "$@"
