#!/usr/bin/env bash
# Stands in for the entry point of the image postgres: as far as deploy/ and the tests use it.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
data=${PGDATA:-/var/lib/postgresql/data}
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data"
    chown postgres: "$data"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
    "$bin/initdb" -D "$data" -U "$POSTGRES_USER" -A scram-sha-256 \
        --pwfile=<(if [ -n "${POSTGRES_PASSWORD:-}" ]; then echo "$POSTGRES_PASSWORD"; else cat "$POSTGRES_PASSWORD_FILE"; fi) -E UTF8 --locale=C.UTF-8 --no-sync
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    [ "$POSTGRES_DB" = postgres ] || echo "create database \"$POSTGRES_DB\"" | "$bin/postgres" --single -D "$data" postgres
    if compgen -G '/docker-entrypoint-initdb.d/*.sh' >/dev/null; then
        sed -i '1i local all all trust' "$data/pg_hba.conf"
        "$bin/pg_ctl" -D "$data" -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp -c fsync=off" start
        export PATH=$bin:$PATH PGHOST=/tmp
        for script in /docker-entrypoint-initdb.d/*.sh; do bash "$script"; done
        "$bin/pg_ctl" -D "$data" -w stop
        unset PGHOST
    fi
fi
[ "${1:-postgres}" != postgres ] || shift || true
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off "$@"
