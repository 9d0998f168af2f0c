#!/usr/bin/env bash
# Sends mutated requests to a router of its own on 127.0.0.1: tests/fuzz.sh [--requests N] [--seed N]
# Default 100,000 and a random seed, which a failure repeats.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
requests=100000 seed=$RANDOM
while [ $# -gt 0 ]; do
    case $1 in
        --requests) requests=$2; shift 2 ;;
        --seed) seed=$2; shift 2 ;;
        *) sed -n '2,3s/^# //p' "$0"; exit 1 ;;
    esac
done
deploy/servers.sh install
echo "seed $seed, $requests requests"
ROUTER_FUZZ_REQUESTS=$requests ROUTER_FUZZ_SEED=$seed \
    dotnet test tests/Router.IntegrationTests -c Release --nologo --filter FullyQualifiedName~FuzzTests --logger 'console;verbosity=normal'
