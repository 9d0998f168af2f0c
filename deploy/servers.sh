#!/usr/bin/env bash
# A private Postgres and a private RabbitMQ on 127.0.0.1, for the demo and for the tests. Needs no service manager.
#
#   servers.sh install [PACKAGE[:COMMAND] …]   installs what is missing (apt, as root or with sudo): the servers, and each
#                                         PACKAGE whose COMMAND (by default of the same name) isn't there
#   servers.sh start DIR                  starts both; how to reach them is then in DIR/servers.env
#   servers.sh stop DIR                   stops both, by process id; their data stays
#   servers.sh start-postgres|stop-postgres|start-rabbitmq|stop-rabbitmq DIR
#   servers.sh kill-postgres|kill-rabbitmq DIR   as a crash does it: SIGKILL
#   servers.sh freeze-postgres|thaw-postgres|freeze-rabbitmq|thaw-rabbitmq DIR   still there, and does nothing: SIGSTOP, SIGCONT
#   servers.sh rabbitmqctl DIR ARGUMENT …        RabbitMQ's own tool, pointed at this one
#   servers.sh run PROGRAM ARGUMENT …            a program that comes with the servers: psql, pg_dump
#
# ROUTER_POSTGRES_OPTIONS are further options of the Postgres that is started, such as '-c fsync=off'.
#
# They are the machine's own packages or, with ROUTER_SERVERS=debian13, those of Debian 13: RabbitMQ 4.0 and Postgres 17. `install` then
# makes a root file system with them, once, in ~/.cache/lead-router/debian13 (some minutes, 700 MB; delete it to have it made anew).
# That needs apt, root and the right to mount. Set the same ROUTER_SERVERS whenever you start what has its data in DIR.
set -euo pipefail

EPMD=/usr/bin/epmd
RABBITMQ=/usr/lib/rabbitmq/bin/rabbitmq-server
RABBITMQCTL=/usr/lib/rabbitmq/bin/rabbitmqctl

die() { printf '%s\n' "$*" >&2; exit 1; }

# Which servers: empty for the machine's own, or debian13.
other_servers() {
    case ${ROUTER_SERVERS:-} in
        '') return 1 ;;
        debian13) [ "$(id -u)" = 0 ] || die "ROUTER_SERVERS=debian13 needs root, to mount Debian 13's programs." ;;
        *) die "ROUTER_SERVERS is '$ROUTER_SERVERS'; it can be debian13, or empty for this machine's own servers." ;;
    esac
}

servers_root() {
    local cache=${XDG_CACHE_HOME:-}
    [ -n "$cache" ] || cache=~/.cache
    echo "$cache/lead-router/debian13"
}

lacks_servers_root() { other_servers && [ ! -d "$(servers_root)" ]; }

# Under its final name only once it is complete; behind a lock, for whoever else makes it at the same time.
make_servers_root() (
    root=$(servers_root)
    mkdir -p "${root%/*}"
    exec 9>"$root.lock"
    flock 9
    [ ! -d "$root" ] || return 0
    echo "making Debian 13 with RabbitMQ 4.0 and Postgres 17 in $root"
    rm -rf --one-file-system "$root.new"
    mmdebstrap --variant=minbase --include=rabbitmq-server,postgresql-17,curl --customize-hook='echo 127.0.0.1 localhost >"$1/etc/hosts"' \
        trixie "$root.new" >"$root.log" 2>&1 9>&- || die "Debian 13 could not be set up; see $root.log"
    mv "$root.new" "$root"
)

# Runs this script again with Debian 13's /usr and /etc in place of the machine's, in a mount namespace of its own: everything else (files,
# processes, network, process ids) is the machine's, and the mounts are gone with the last server that was started in it.
in_servers_root() {
    local root
    root=$(servers_root)
    [ -d "$root" ] || die "RabbitMQ 4.0 and Postgres 17 are not installed: run ROUTER_SERVERS=debian13 deploy/servers.sh install"
    # shellcheck disable=SC2016 # For the shell inside.
    ROUTER_SERVERS='' PATH=/usr/sbin:/usr/bin exec unshare --mount --propagation private bash -c \
        'mount --bind "$0/usr" /usr && mount --bind "$0/etc" /etc && exec bash "$@"' "$root" "$(readlink -f "${BASH_SOURCE[0]}")" "$@"
}

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

missing() {
    local wanted
    if other_servers; then
        if lacks_servers_root; then
            command -v mmdebstrap >/dev/null || echo mmdebstrap
            # An older one doesn't know Debian 13's keys yet.
            compgen -G '/usr/share/keyrings/debian-archive-trixie-*' >/dev/null || echo debian-archive-keyring
        fi
    else
        [ -n "$(postgres_bin)" ] || echo postgresql
        [ -x "$RABBITMQ" ] || echo rabbitmq-server
    fi
    for wanted in curl openssl "$@"; do
        command -v "${wanted##*:}" >/dev/null || echo "${wanted%%:*}"
    done
}

install_missing() {
    install_packages "$@"
    ! lacks_servers_root || make_servers_root
}

install_packages() {
    local wanted
    local packages=() sudo=() policy=/usr/sbin/policy-rc.d log
    mapfile -t packages < <(missing "$@")
    [ ${#packages[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "Please install ${packages[*]}: this machine has no apt-get to do it with."
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || die "Please install what is missing: sudo apt-get install ${packages[*]}"
        sudo=(sudo -n)
    fi
    echo "installing ${packages[*]}"
    # Debian starts a freshly installed server, on its default port; we want only our own.
    log=$(mktemp)
    # In a subshell whose exit takes the policy away again, however it ends: left behind it would block every later package.
    (
        if [ ! -e "$policy" ]; then
            trap '"${sudo[@]}" rm -f "$policy"' EXIT
            trap 'exit 130' INT TERM
            printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null && "${sudo[@]}" chmod +x "$policy"
        fi
        "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
    ) >"$log" 2>&1 || die "Installing ${packages[*]} failed; see $log"
    rm -f "$log"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port that nobody listens on, below the range from which the system takes ports for connections.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        listens "$port" || { echo "$port"; return; }
    done
}

random() { head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# setting FILE NAME VALUE: writes NAME=VALUE into FILE in place of an older one. Behind a lock: both servers may be started at once.
setting() (
    file=$1 name=$2 value=$3
    umask 077
    exec 9>"$file.lock"
    flock 9
    rest=$(grep -v "^$name=" "$file" 2>/dev/null || true)
    { [ -z "$rest" ] || printf '%s\n' "$rest"; printf '%s=%s\n' "$name" "$value"; } >"$file.new"
    mv "$file.new" "$file"
)

# port FILE NAME: the port noted under NAME if it is still free, else a new one.
port() {
    local noted
    noted=$(sed -n "s/^$2=//p" "$1" 2>/dev/null || true)
    if [ -z "$noted" ] || listens "$noted"; then noted=$(free_port); fi
    setting "$1" "$2" "$noted"
    echo "$noted"
}

# secret FILE NAME: the one noted, or a new one.
secret() {
    local noted
    noted=$(sed -n "s/^$2=//p" "$1" 2>/dev/null || true)
    [ -n "$noted" ] || { noted=$(random); setting "$1" "$2" "$noted"; }
    echo "$noted"
}

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

# make_private DIR: a directory whose contents nobody else can list; under root, Postgres's user can pass through it to its own.
make_private() {
    [ ! -d "$1" ] || return 0
    (umask 077; mkdir -p "$1") || return
    [ "$(id -u)" != 0 ] || chmod 711 "$1"
}

# Postgres refuses to run as root; then the system's postgres user does it, and must be able to reach its directory.
postgres_user() { [ "$(id -u)" != 0 ] || echo "runuser -u postgres --"; }

postgres_data() {
    local dir=$1 elsewhere
    if [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$dir"; then
        elsewhere=/var/lib/postgresql/lead-router-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
        echo "$elsewhere"
    else
        echo "$dir/postgres"
    fi
}

start_postgres() {
    local dir=$1 bin data port password log
    bin=$(postgres_bin)
    [ -n "$bin" ] || die "Postgres is not installed: run deploy/servers.sh install"
    data=$(postgres_data "$dir")
    log=$data/server.log
    password=$(secret "$dir/private" POSTGRES_PASSWORD)
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || chown postgres: "$data"
    if [ ! -s "$data/data/PG_VERSION" ]; then
        # The password goes in by a file that only this user can read: others can see a command line.
        local file=$data/password
        (umask 077; printf '%s\n' "$password" >"$file")
        [ "$(id -u)" != 0 ] || chown postgres: "$file"
        (cd / && $(postgres_user) "$bin/initdb" -D "$data/data" -U router -A scram-sha-256 --pwfile="$file" \
            -E UTF8 --locale=C.UTF-8 --no-sync) >"$dir/initdb.log" 2>&1 </dev/null || { rm -f "$file"; die "Postgres could not be set up; see $dir/initdb.log"; }
        rm -f "$file"
    fi
    port=$(port "$dir/ports" POSTGRES_PORT)
    (cd / && $(postgres_user) "$bin/pg_ctl" -D "$data/data" -l "$log" -w -t 60 start \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 -c max_locks_per_transaction=512 -c shared_buffers=256MB -c log_error_verbosity=terse ${ROUTER_POSTGRES_OPTIONS:-}") \
        >"$dir/pg_ctl.log" 2>&1 </dev/null || die "Postgres did not start; see $log"
    # Before anything else can fail: whoever cleans up must know it.
    setting "$dir/servers.env" POSTGRES_PID "$(head -n 1 "$data/data/postmaster.pid")"
    export PGPASSWORD=$password
    local admin=(psql -q -h 127.0.0.1 -p "$port" -U router -d postgres -v ON_ERROR_STOP=1 -tA)
    [ "$("${admin[@]}" -c "select 1 from pg_database where datname = 'router'")" = 1 ] || "${admin[@]}" -c 'create database router'
    unset PGPASSWORD
    setting "$dir/servers.env" DATABASE_URL "postgres://router:$password@127.0.0.1:$port/router"
}

start_rabbitmq() {
    local dir=$1 home=$1/rabbitmq amqp management epmd dist password i
    [ -x "$RABBITMQ" ] || die "RabbitMQ is not installed: run deploy/servers.sh install"
    # Messages are in its files, and a crash report may hold some.
    umask 077
    mkdir -p "$home"
    chmod -R go-rwx "$home"
    password=$(secret "$dir/private" RABBITMQ_PASSWORD)
    amqp=$(port "$dir/ports" AMQP_PORT)
    management=$(port "$dir/ports" RABBITMQ_MANAGEMENT_PORT)
    epmd=$(port "$dir/ports" EPMD_PORT)
    dist=$(port "$dir/ports" RABBITMQ_DIST_PORT)
    (umask 077; cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
default_user = router
default_pass = $password
disk_free_limit.absolute = 100MB
CONF
    )
    echo '[rabbitmq_management,rabbitmq_shovel,rabbitmq_shovel_management].' >"$home/plugins"

    setsid "$EPMD" -port "$epmd" -address 127.0.0.1 >/dev/null 2>&1 </dev/null &
    local epmd_pid=$!
    # As under systemd, so that the script becomes the broker and its process id is the broker's.
    RUNNING_UNDER_SYSTEMD=true HOME=$home \
        RABBITMQ_NODENAME=router@localhost RABBITMQ_DIST_PORT=$dist ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log RABBITMQ_CONFIG_FILE=$home/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=$home/plugins \
        setsid "$RABBITMQ" >"$home/console.log" 2>&1 </dev/null &
    local pid=$!
    setting "$dir/servers.env" EPMD_PID "$epmd_pid"
    setting "$dir/servers.env" RABBITMQ_PID "$pid"
    setting "$dir/servers.env" AMQP_URL "amqp://router:$password@127.0.0.1:$amqp/"
    setting "$dir/servers.env" RABBITMQ_MANAGEMENT_URL "http://127.0.0.1:$management"
    setting "$dir/servers.env" RABBITMQ_USER router
    setting "$dir/servers.env" RABBITMQ_PASSWORD "$password"

    for ((i = 0; i < 600; i++)); do
        if listens "$amqp" && curl -sf -m 2 -o /dev/null -K - "http://127.0.0.1:$management/api/overview" <<<"user = router:$password"; then return; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    stop_rabbitmq "$dir"
    die "RabbitMQ did not come up; see $home/console.log and $home/log"
}

read_pid() { sed -n "s/^$2=//p" "$1/servers.env" 2>/dev/null || true; }

stop_postgres() { thaw_postgres "$1"; end "$(read_pid "$1" POSTGRES_PID)" postgres INT 30; }

stop_rabbitmq() {
    thaw_rabbitmq "$1"
    end "$(read_pid "$1" RABBITMQ_PID)" rabbit TERM 30
    end "$(read_pid "$1" EPMD_PID)" epmd TERM 5
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

# Its backends, too, which would otherwise finish what they are at.
postgres_pids() { echo "$1" "$(cat "/proc/$1/task/$1/children" 2>/dev/null || true)"; }

# shellcheck disable=SC2046 # Lists of numbers.
kill_postgres() {
    local pid
    freeze_postgres "$1"
    pid=$(read_pid "$1" POSTGRES_PID)
    ! runs "$pid" postgres || crash $(postgres_pids "$pid")
}

# shellcheck disable=SC2046
freeze_postgres() {
    local pid
    pid=$(read_pid "$1" POSTGRES_PID)
    runs "$pid" postgres || return 0
    # First, so that it makes no new backends meanwhile.
    kill -STOP "$pid"
    kill -STOP $(postgres_pids "$pid") 2>/dev/null || true
}

# shellcheck disable=SC2046
thaw_postgres() {
    local pid
    pid=$(read_pid "$1" POSTGRES_PID)
    ! runs "$pid" postgres || kill -CONT $(postgres_pids "$pid") 2>/dev/null || true
}

kill_rabbitmq() {
    local pid epmd
    pid=$(read_pid "$1" RABBITMQ_PID) epmd=$(read_pid "$1" EPMD_PID)
    ! runs "$pid" rabbit || crash "$pid"
    ! runs "$epmd" epmd || crash "$epmd"
}

freeze_rabbitmq() { ! runs "$(read_pid "$1" RABBITMQ_PID)" rabbit || kill -STOP "$(read_pid "$1" RABBITMQ_PID)"; }

thaw_rabbitmq() { ! runs "$(read_pid "$1" RABBITMQ_PID)" rabbit || kill -CONT "$(read_pid "$1" RABBITMQ_PID)"; }

control_rabbitmq() {
    local dir=$1 home=$1/rabbitmq
    shift
    HOME=$home RABBITMQ_NODENAME=router@localhost ERL_EPMD_PORT=$(sed -n 's/^EPMD_PORT=//p' "$dir/ports") \
        RABBITMQ_CONFIG_FILE=$home/rabbitmq RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log "$RABBITMQCTL" --timeout 15 "$@"
}

# Sourced by start.sh and stop.sh for the functions above; run by itself it is the command described at the top.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    command=${1:-}
    [ "$command" = install ] && { shift; install_missing "$@"; exit; }
    [ -n "${2:-}" ] || die "Usage: servers.sh install | start DIR | stop DIR | start-postgres DIR | …"
    case $command in
        start* | rabbitmqctl | run) ! other_servers || in_servers_root "$@" ;;
    esac
    [ "$command" = run ] && { shift; exec "$@"; }
    make_private "$2"
    dir=$(cd "$2" && pwd)
    umask 077
    case $command in
        start) start_postgres "$dir"; start_rabbitmq "$dir" ;;
        stop) stop_rabbitmq "$dir"; stop_postgres "$dir" ;;
        start-postgres) start_postgres "$dir" ;;
        stop-postgres) stop_postgres "$dir" ;;
        start-rabbitmq) start_rabbitmq "$dir" ;;
        stop-rabbitmq) stop_rabbitmq "$dir" ;;
        kill-postgres) kill_postgres "$dir" ;;
        kill-rabbitmq) kill_rabbitmq "$dir" ;;
        freeze-postgres) freeze_postgres "$dir" ;;
        thaw-postgres) thaw_postgres "$dir" ;;
        freeze-rabbitmq) freeze_rabbitmq "$dir" ;;
        thaw-rabbitmq) thaw_rabbitmq "$dir" ;;
        rabbitmqctl) control_rabbitmq "$dir" "${@:3}" ;;
        *) die "servers.sh knows no command '$command'." ;;
    esac
fi
