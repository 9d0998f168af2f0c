#!/usr/bin/env bash
# Kills, freezes and cuts off everything in turn under load, on servers of its own on 127.0.0.1, and checks that nothing was lost:
# tests/chaos.sh [--seconds N] [--seed N] [--short]
# Default 600 s and a random seed, which a failure repeats; --short: each kind of fault once, about 90 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=600 seed=$RANDOM
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=$2; shift 2 ;;
        --seed) seed=$2; shift 2 ;;
        --short) seconds=short; shift ;;
        *) sed -n '2,4s/^# //p' "$0"; exit 1 ;;
    esac
done
deploy/servers.sh install
dotnet build tests/Router.Chaos -c Release --nologo -v quiet
exec dotnet tests/Router.Chaos/bin/Release/net10.0/Router.Chaos.dll run "$seed" "$seconds"
