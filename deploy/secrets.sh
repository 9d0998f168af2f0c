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
# Hosts of a version before own the tables themselves, and their secrets stay as they are.
[ ! -s "$dir/Database__ConnectionString" ] || make Database__OwnerConnectionString "$(cat "$dir/Database__ConnectionString")"
make Database__OwnerConnectionString "postgres://router_owner:$(random)@postgres:5432/router"
make Database__ConnectionString "postgres://router_hosts:$(random)@postgres:5432/router"
make RabbitMq__Uri "amqp://router_hosts:$(random)@rabbitmq:5672/"
hosts=$(sed 's,^.*://[^:]*:,,; s,@.*,,' "$dir/RabbitMq__Uri")

# What RabbitMQ keeps of a password.
binary() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
hashed() {
    local salt digest
    salt=$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n')
    digest=$({ binary "$salt"; printf %s "$1"; } | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    { binary "$salt"; binary "$digest"; } | openssl base64 -A
}
# People have the user router, for the dashboard. The hosts' user makes, writes to and reads the router's queues, and the exchanges of their names;
# and writes to the default exchange, which RabbitMQ gives messages up to.
names='^(lead-(events|events-fresh|events-large|retries|dead-letters)|returned-leads)(_error|_skipped)?$|^Router[.]Core[.]'
make rabbitmq-definitions.json "{
  \"vhosts\": [{\"name\": \"/\"}],
  \"users\": [
    {\"name\": \"router\", \"password_hash\": \"$(hashed "$(cat "$dir/rabbitmq-password")")\", \"hashing_algorithm\": \"rabbit_password_hashing_sha256\",
     \"tags\": \"administrator\"},
    {\"name\": \"router_hosts\", \"password_hash\": \"$(hashed "$hosts")\", \"hashing_algorithm\": \"rabbit_password_hashing_sha256\",
     \"tags\": \"monitoring\"}],
  \"permissions\": [
    {\"user\": \"router\", \"vhost\": \"/\", \"configure\": \".*\", \"write\": \".*\", \"read\": \".*\"},
    {\"user\": \"router_hosts\", \"vhost\": \"/\", \"configure\": \"$names\", \"write\": \"$names|^amq[.]default$\", \"read\": \"$names\"}]
}"
make rabbitmq.conf "load_definitions = /run/secrets/rabbitmq-definitions.json"
make Admin__Password "$(random)"
make Admin__Token "$(random)"
make Secrets__lead_manager "$(random)"
make Secrets__custom_api "$(random)"
make_certificate "$dir/router.pem"
chmod 444 "$dir/router.pem"
