#!/usr/bin/env bash
# Makes the secrets of deploy/compose.yaml, each in a file of its own, unless they are there: random passwords, and the certificate.
#
#   deploy/secrets.sh [DIR]    default deploy/secrets
#
# Keep DIR, above all router.pem, apart from the database's backups: without it the secrets of destinations can't be read.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/notes.sh"
. "$here/certificate.sh"
die() { printf '%s\n' "$*" >&2; exit 1; }

dir=${1:-$here/secrets}
# The containers' users are not this one and must read the files; nobody else comes through the directory.
mkdir -p "$dir"
chmod 700 "$dir"

# make NAME VALUE: the file with that secret, unless it is there; complete or not at all.
make() {
    [ -s "$dir/$1" ] || { printf '%s\n' "$2" >"$dir/$1.new" && mv "$dir/$1.new" "$dir/$1"; }
    chmod 444 "$dir/$1"
}

make postgres-password "$(random)"
make rabbitmq-password "$(random)"
make rabbitmq.conf "default_user = router
default_pass = $(cat "$dir/rabbitmq-password")"
make Database__ConnectionString "postgres://router:$(cat "$dir/postgres-password")@postgres:5432/router"
make RabbitMq__Uri "amqp://router:$(cat "$dir/rabbitmq-password")@rabbitmq:5672/"
make Admin__Password "$(random)"
make Admin__Token "$(random)"
make Secrets__lead_manager "$(random)"
make Secrets__custom_api "$(random)"
make_certificate "$dir/router.pem"
chmod 444 "$dir/router.pem"
