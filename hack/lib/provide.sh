# shellcheck shell=bash disable=SC2154
# What the scripts that provide programs have in common: hack/control-plane/provide and
# hack/tools/provide source it. It says what goes on, keeps one run at a time, builds with
# Go, and leaves nothing behind.
#
# The script that sources it has set `me` (what its messages begin with), `here` (its folder, where
# its Go modules are) and `GO_VERSION`. It sets `os` and `arch` by platform before it builds, and
# `cache` before it calls take_lock.

LOCK_LIMIT=1800 # seconds to wait for another run; far above the slowest build

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# Why each way did not work, for the message at the end.
reasons=''
refuse() {
    reasons+="  - $*"$'\n'
    say "$*"
}

# What this machine is, as Go and releases call it: system and architecture.
platform() {
    case $(uname -s) in
    Linux) printf linux ;;
    Darwin) printf darwin ;;
    *) printf '%s' "$(uname -s | tr '[:upper:]' '[:lower:]')" ;;
    esac
    case $(uname -m) in
    x86_64 | amd64) printf ' amd64' ;;
    aarch64 | arm64) printf ' arm64' ;;
    *) printf ' %s' "$(uname -m)" ;;
    esac
}

elapsed() { printf '%d min %02d s' $(((SECONDS - $1) / 60)) $(((SECONDS - $1) % 60)); }

# --- the temporary folder and the lock; cleaned up whatever happens -----------------------

staging='' lock='' job=''

clean_up() {
    if [ -n "$job" ]; then kill "$job" 2>/dev/null || true; fi
    if [ -n "$staging" ]; then rm -rf "$staging"; fi
    if [ -n "$lock" ]; then rm -f "$lock"; fi
}

clean_up_at_exit() {
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# The lock is a symbolic link to the owner's process id: made in one step, owner included.
# It spares a second build; should two runs ever hold it, what they publish is still whole.
take_lock() {
    local wanted="$cache.lock" since=$SECONDS owner told=''
    until ln -sn $$ "$wanted" 2>/dev/null; do
        owner=$(readlink "$wanted" || true)
        if [ -z "$owner" ]; then
            [ -w "$(dirname "$wanted")" ] || return 1
        elif ! kill -0 "$owner" 2>/dev/null; then
            say "process $owner is gone and left its lock behind; removing $wanted"
            rm -f "$wanted"
            continue
        fi
        [ $((SECONDS - since)) -lt "$LOCK_LIMIT" ] || return 1
        [ -n "$told" ] || say "another run (process $owner) is filling the cache; waiting for it"
        told=yes
        sleep 1
    done
    lock=$wanted
    rm -rf "$cache".tmp.* # of runs that were killed
}

# --- builds with Go -----------------------------------------------------------------------

# go_is_new_enough MODULE: whether a Go that builds the module is here. A newer Go picks its own
# toolchain by go.mod unless GOTOOLCHAIN=local, so the question is asked inside the module.
go_is_new_enough() {
    local said version major minor
    if ! command -v go >/dev/null; then
        refuse "no build: go is not installed (Go $GO_VERSION or later is needed)"
        return 1
    fi
    if ! said=$(cd "$here/$1" && GOWORK=off go env GOVERSION 2>&1); then
        refuse "no build: ${said##*$'\n'}"
        return 1
    fi
    version=${said#go}
    major=${version%%.*} minor=${version#*.}
    minor=${minor%%[!0-9]*}
    case $version in
    [0-9]*.[0-9]*)
        if [ "$major" -gt "${GO_VERSION%.*}" ] ||
            { [ "$major" -eq "${GO_VERSION%.*}" ] && [ "$minor" -ge "${GO_VERSION#*.}" ]; }; then return; fi
        refuse "no build: $(command -v go) is Go $version, too old (Go $GO_VERSION or later is needed)"
        return 1
        ;;
    *) return 0 ;; # a development version; the build itself will tell
    esac
}

# build WHICH NAME MODULE PACKAGE LDFLAGS: builds $staging/NAME; WHICH is as "1 of 4".
build() {
    local since=$SECONDS log="$staging/$2.log"
    say "building $2 ($1)"
    (
        cd "$here/$3" || exit
        CGO_ENABLED=0 GOWORK=off GOOS=$os GOARCH=$arch exec go build -mod=readonly -buildvcs=false -trimpath \
            -ldflags "-s -w $5" -o "$staging/$2" "$4"
    ) >"$log" 2>&1 &
    job=$!
    while kill -0 "$job" 2>/dev/null; do
        sleep 1
        if [ $(((SECONDS - since) % 30)) -eq 0 ]; then say "  still building $2, $(elapsed "$since")"; fi
    done
    if ! wait "$job"; then
        job=''
        tail -n 20 "$log" >&2
        refuse "no build: go build of $2 failed: $(grep -v '^go: downloading' "$log" | tail -n 1)"
        return 1
    fi
    job=''
    rm -f "$log"
    say "built $2 ($1) in $(elapsed "$since")"
}
