# shellcheck shell=bash
# A second Postgres that follows the first one. Sourced.

# start_standby DIR STANDBY: a copy of the Postgres in DIR, in STANDBY, which goes on following it.
start_standby() {
    local dir=$1 standby=$2 bin data
    bin=$(postgres_bin)
    data=$(postgres_data "$standby")
    setting "$standby/private" POSTGRES_PASSWORD "$(noted "$dir/private" POSTGRES_PASSWORD)"
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || chown postgres: "$data"
    (cd / && PGPASSWORD=$(noted "$dir/private" POSTGRES_PASSWORD) $(postgres_user) "$bin/pg_basebackup" -D "$data/data" \
        -h 127.0.0.1 -p "$(noted "$dir/ports" POSTGRES_PORT)" -U router -R -X stream -c fast --no-sync) \
        >"$standby/basebackup.log" 2>&1 </dev/null || die "The standby could not be made; see $standby/basebackup.log"
    start_postgres "$standby"
}

promote_postgres() {
    local bin data
    bin=$(postgres_bin)
    data=$(postgres_data "$1")
    (cd / && $(postgres_user) "$bin/pg_ctl" -D "$data/data" -w -t 60 promote) >"$1/promote.log" 2>&1 </dev/null \
        || die "The standby was not promoted; see $1/promote.log"
}
