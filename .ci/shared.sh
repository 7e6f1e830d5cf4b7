# What .ci/run and .ci/all share; sourced by both, which run in the top folder of the checkout.

# What the README tells a newcomer to type is put together of these, to the letter: a test compares. Where they run, only
# `python` and the folder .venv are replaced.
new_environment='python -m venv .venv'
install_builder='.venv/bin/pip install --require-hashes -r config/requirements-build.lock'
install_runtime='.venv/bin/pip install --require-hashes --no-build-isolation -r config/requirements.lock'
install_tests="$install_runtime -r config/requirements-test.lock"
main_job='.venv/bin/python -m engine backtest config/rotation.yaml'
tests='.venv/bin/python -m pytest'

supported='3.11 3.12 3.13'
# The oldest pip that a supported Python comes with (Debian 12); Python 3.12 and later cannot run it.
oldest_pip=23.0
# Resolves without a lock: it makes the locks, and finds the lowest releases.
lock_maker='uv==0.13.9'

# Nothing from outside a fresh environment may help, or hide a missing dependency.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTEST_ADDOPTS

me=.ci/$(basename "$0")
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# What a command prints unless it fails; each lane has its own. Parts note their times and failures in files, for a lane
# that runs beside another cannot tell it in a variable.
log=$scratch/log
: >"$scratch/times" >"$scratch/failed"

require_supported_python() {
    python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' && return
    echo "$me: python is $(python --version 2>&1), not Python 3.11, 3.12 or 3.13" >&2
    exit 1
}

# The tests look at the pages in a real browser, which no Python package brings.
require_browser() {
    command -v chromium >/dev/null && return
    echo "$me: installing chromium"
    local log
    log=$(apt-get update 2>&1 && apt-get install -y --no-install-recommends chromium 2>&1) && return
    printf '%s\n' "$log" >&2
    echo "$me: failed: chromium cannot be installed; install it by hand" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Prints an interpreter for each supported version but the one at hand: from the PATH, or from beside the one at hand,
# where version managers keep theirs.
other_pythons() {
    local at_hand beside version candidate
    at_hand=$(version_of python)
    beside=$(python -c 'import sys; from pathlib import Path; print(Path(sys.base_prefix).parent)')
    for version in $supported; do
        [ "$version" != "$at_hand" ] || continue
        for candidate in "python$version" "${beside:-/nowhere}"/*"$version"*/bin/"python$version"; do
            if [ "$(version_of "$candidate")" = "$version" ]; then
                echo "$candidate"
                continue 2
            fi
        done
        echo "$me: no Python $version found: not tried" >&2
    done
}

# in_environment PYTHON ENVIRONMENT COMMAND: runs a command of the README with another python and another .venv.
in_environment() {
    local command=${3//.venv/$(printf '%q' "$2")}
    bash -c "${command/#python /$(printf '%q' "$1") }"
}

# quietly COMMAND...: shows what the command prints only if it fails.
quietly() {
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
}

# part TITLE COMMAND...: runs it, and notes how long that took and whether it failed.
part() {
    local began=$SECONDS title=$1
    shift
    printf '\n== %s\n' "$title"
    "$@" || printf '%s\n' "$title" >>"$scratch/failed"
    printf '%5.1f min  %s\n' "$(((SECONDS - began) * 10 / 60))e-1" "$title" | tee -a "$scratch/times"
}

# lane FUNCTION: runs it beside what follows, with a log of its own; the end of it is waited for by `end_of_lane`, which
# prints what it printed.
lane() {
    (
        log=$scratch/lane.log
        "$1"
    ) >"$scratch/lane" 2>&1 &
}

end_of_lane() {
    wait
    cat "$scratch/lane"
}

# copy_checkout FOLDER: as a fresh clone, with what is not committed yet.
copy_checkout() {
    mkdir -p "$1" && tar -cf - --exclude=./.git --exclude=./.venv --exclude='./logs/*-*' --exclude=__pycache__ \
        --exclude='.*_cache' --exclude=./build --exclude='*.egg-info' --exclude=./.hypothesis . | tar -xf - -C "$1"
}

# run_main_job ENVIRONMENT: in a copy, so that no run folder stays behind; a newcomer's machine has no cache of prices.
run_main_job() {
    local copy="$1.checkout"
    copy_checkout "$copy" && (cd "$copy" && quietly in_environment python "$1" "$main_job" && tail -n 4 "$log")
    local status=$?
    rm -rf "$copy"
    return $status
}

# with_pip PYTHON ENVIRONMENT PIP: makes an environment with the pip that PYTHON brings ("bundled"), or with another one.
with_pip() {
    quietly in_environment "$1" "$2" "$new_environment" || return
    [ "$3" = bundled ] || quietly "$2/bin/python" -m pip install --upgrade "$3" || return
    "$2/bin/python" -m pip --version | cut -d ' ' -f 1,2
}

install_lock_maker() {
    [ -x "$1/bin/uv" ] || { python -m venv "$1" && "$1/bin/python" -m pip install --quiet "$lock_maker"; }
}

# write_newer_index PYTHON FOLDER: downloads what the locks pin, and writes FOLDER/index, which offers a newer release of
# every package beside it.
write_newer_index() {
    with_pip "$1" "$2/downloader" pip && quietly in_environment "$1" "$2/downloader" "$install_builder" &&
        quietly "$2/downloader/bin/python" -m pip download --require-hashes --no-deps --no-build-isolation \
            --dest "$2/files" -r config/requirements-build.lock -r config/requirements.lock \
            -r config/requirements-test.lock &&
        "$1" tests/support/newer_index.py "$2/files" "$2/index"
}

# from_newer_index INDEX ENVIRONMENT INSTALL: installs from that index alone. The cache would spare the older pips the
# building of what comes as source. Modules are compiled when they are imported: most never are.
from_newer_index() {
    PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL="file://$1" PIP_EXTRA_INDEX_URL='' PIP_FIND_LINKS='' PIP_CONSTRAINT='' \
        PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 quietly in_environment python "$2" "$install_builder && $3" &&
        "$2/bin/python" -m pip check
}

# fast_tests ENVIRONMENT [ARGUMENTS...]: the selection that is run where the whole suite would take too long.
fast_tests() {
    local environment=$1
    shift
    "$environment/bin/python" -m pytest -q -n 3 --dist worksteal "$@" tests/unit
}
