#!/usr/bin/env bash
# Kills, freezes and cuts off everything in turn under load, on servers of its own on 127.0.0.1, and checks that nothing was lost:
# tests/chaos.sh [--seconds N] [--seed N] [--short | --cluster | --failover]
# Default: 600 s on single servers and a random seed, which a failure repeats; then each fault of a RabbitMQ cluster and of a Postgres under
# Patroni, about 8 min. --cluster: the latter only; --failover: of it the death of the Postgres primary, a minute; --short: each kind of fault
# of single servers once, about 90 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=600 seed=$RANDOM cluster=cluster
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=$2; shift 2 ;;
        --seed) seed=$2; shift 2 ;;
        --short) seconds=short cluster=; shift ;;
        --cluster) seconds=; shift ;;
        --failover) seconds= cluster=failover; shift ;;
        *) sed -n '2,6s/^# //p' "$0"; exit 1 ;;
    esac
done
# Patroni isn't in the root file system of other servers.
[ -z "${ROUTER_SERVERS:-}" ] || cluster=
deploy/servers.sh install ${cluster:+patroni etcd-server:etcd}
dotnet build tests/Router.Chaos -c Release --nologo -v quiet
run() { dotnet tests/Router.Chaos/bin/Release/net10.0/Router.Chaos.dll run "$seed" "$1"; }
status=0
[ -z "$seconds" ] || run "$seconds" || status=1
[ -z "$cluster" ] || run "$cluster" || status=1
exit "$status"
