# What the scripts tell: progress on standard output, one sentence when something failed.
# shellcheck shell=bash

say() {
    printf '== %s\n' "$*"
}

die() {
    printf 'Error: %s\n' "$*" >&2
    exit 1
}
