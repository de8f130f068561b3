# The Python environment of a checkout: .venv, with the project, Airflow, and what lint and tests need.
# shellcheck shell=bash

UV_VERSION=0.9.30
#: The system's own: the headers in python3-dev, which mysqlclient is compiled with, are for this one.
PYTHON="${MYDUMP_PYTHON:-/usr/bin/python3}"

# make_venv: return with .venv in the current folder complete; takes no time when nothing changed since the last run.
make_venv() {
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "$PYTHON is older than 3.10: use a newer release of the system, or set MYDUMP_PYTHON to a newer Python."
    local place content
    place="$PWD $("$PYTHON" -VV) uv $UV_VERSION"
    content="$(cat pyproject.toml constraints.txt | sha256sum)"
    [ "$(cat .venv/mydump-place 2>/dev/null)" = "$place" ] || make_empty_venv "$place"
    [ "$(cat .venv/mydump-content 2>/dev/null)" = "$content" ] && return
    trust_certificates
    make_uv
    say "Installing the project and its dependencies into .venv"
    rm -f .venv/mydump-content
    "$UV" pip install --quiet --python .venv/bin/python --constraints constraints.txt \
        --group test --group lint --group docs --editable . ||
        die "uv could not install the dependencies: see its message above, then run again."
    printf '%s\n' "$content" >.venv/mydump-content
}

# A copied or moved checkout, or a new Python, needs a new environment: paths are written into it.
make_empty_venv() {
    trust_certificates
    make_uv
    say "Making .venv with $("$PYTHON" -V)"
    "$UV" venv --quiet --clear --no-project --python "$PYTHON" .venv ||
        die "uv could not make .venv: see its message above, then run again."
    printf '%s\n' "$1" >.venv/mydump-place
}

# uv resolves and installs Airflow's two hundred packages in seconds, pip in minutes.
make_uv() {
    local version home
    version="$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    home="$CACHE/uv-$UV_VERSION-python$version"
    UV="$home/bin/uv"
    export UV_PYTHON_DOWNLOADS=never UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
    [ ! -x "$UV" ] || return 0
    say "Installing uv $UV_VERSION"
    rm -rf "$home"
    "$PYTHON" -m venv "$home" || die "$PYTHON cannot make environments: install the package python3-venv and run again."
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" ||
        die "pip could not install uv: see its message above, check the network, then run again."
}

# pip and uv look for a private authority's certificate, and for a mirror, in different variables.
trust_certificates() {
    if [ -n "${PIP_CERT-}" ] && [ -z "${SSL_CERT_FILE-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
    if [ -n "${SSL_CERT_FILE-}" ] && [ -z "${PIP_CERT-}" ]; then export PIP_CERT="$SSL_CERT_FILE"; fi
    if [ -n "${PIP_INDEX_URL-}" ] && [ -z "${UV_DEFAULT_INDEX-}" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi
}
