# shellcheck shell=bash
# Processes that we started, by their ids, and a place for their files. Sourced.

# runs PID WORD: whether that process is alive and still the one that we started.
runs() { [ -n "${1:-}" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -q -- "$2"; }

# end PID WORD SIGNAL SECONDS: stops a process of ours, harder after the time.
end() {
    local pid=$1 word=$2 signal=$3 seconds=$4 i
    runs "$pid" "$word" || return 0
    kill "-$signal" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < seconds * 10; i++)); do
        runs "$pid" "$word" || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

# crash PID …: SIGKILL to all of them, and waits until the last trace of them is gone: Postgres doesn't start beside its dead self.
crash() {
    local pid i
    kill -KILL "$@" 2>/dev/null || true
    for pid in "$@"; do
        for ((i = 0; i < 200; i++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
    done
}

# make_private DIR: a directory whose contents nobody else can list; under root, Postgres's user can pass through it to its own.
make_private() {
    [ ! -d "$1" ] || return 0
    (umask 077; mkdir -p "$1") || return
    [ "$(id -u)" != 0 ] || chmod 711 "$1"
}

server_pid() { noted "$1/servers.env" "$2"; }
