# The folder for what is expensive to make, shared by all checkouts; safe to delete at any time.
# shellcheck shell=bash

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/airflow-mydump"

# Bytecode is kept here, also where the caller's Python keeps none: each process would compile Airflow anew, for seconds.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$CACHE/bytecode}"

# Two set-ups at a time would install into each other's way: the second waits.
lock_setup() {
    mkdir -p "$CACHE" || die "$CACHE cannot be made: set XDG_CACHE_HOME to a folder that can be written."
    exec 9>"$CACHE/setup.lock"
    flock --nonblock 9 || { say "Waiting for another set-up to finish"; flock 9; }
}

unlock_setup() {
    exec 9>&-
}
