# shellcheck shell=bash
# A private Postgres. Sourced.

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

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
    [ "$(postgres_admin "$dir" postgres <<<"select 1 from pg_database where datname = 'router'")" = 1 ] \
        || postgres_admin "$dir" postgres <<<'create database router'
    setting "$dir/servers.env" DATABASE_URL "postgres://router:$password@127.0.0.1:$port/router"
}

# backup_postgres DIR COPY: COPY must not exist, in a directory that Postgres's user can reach.
backup_postgres() {
    local dir=$1 copy=$2
    PGPASSFILE=$dir/pgpass pg_basebackup -h 127.0.0.1 -p "$(noted "$dir/ports" POSTGRES_PORT)" -U router \
        -D "$copy" -X stream -c fast || return
    [ "$(id -u)" != 0 ] || chown -R postgres: "$copy"
}

restore_postgres() {
    local dir=$1 copy=$2 data
    data=$(postgres_data "$dir")/data
    ! runs "$(server_pid "$dir" POSTGRES_PID)" postgres || die "Postgres runs: stop it first."
    rm -rf "$data"
    cp -a "$copy" "$data"
    start_postgres "$dir"
}

stop_postgres() { thaw_postgres "$1"; end "$(server_pid "$1" POSTGRES_PID)" postgres INT 30; }

# Its backends, too, which would otherwise finish what they are at.
postgres_pids() { echo "$1" "$(cat "/proc/$1/task/$1/children" 2>/dev/null || true)"; }

# shellcheck disable=SC2046 # Lists of numbers.
kill_postgres() {
    local pid
    freeze_postgres "$1"
    pid=$(server_pid "$1" POSTGRES_PID)
    ! runs "$pid" postgres || crash $(postgres_pids "$pid")
}

# shellcheck disable=SC2046
freeze_postgres() {
    local pid
    pid=$(server_pid "$1" POSTGRES_PID)
    runs "$pid" postgres || return 0
    # First, so that it makes no new backends meanwhile.
    kill -STOP "$pid"
    kill -STOP $(postgres_pids "$pid") 2>/dev/null || true
}

# shellcheck disable=SC2046
thaw_postgres() {
    local pid
    pid=$(server_pid "$1" POSTGRES_PID)
    ! runs "$pid" postgres || kill -CONT $(postgres_pids "$pid") 2>/dev/null || true
}
