#!/usr/bin/env bash
# Measures the router against the floor on servers of its own: see docs/performance.md.
#   tests/bench.sh [SCENARIO…] [--seconds N] [--rounds N] [--connections N] [--sites N] [--backlog N] [--rows N] [--json FILE]
# Without a scenario: the standard set, in some ten minutes. Figures go to artifacts/bench.json too.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/deploy/servers.sh" install
dotnet build "$root/tests/Router.Benchmarks" -c Release --nologo -v quiet >&2
exec dotnet "$root/tests/Router.Benchmarks/bin/Release/net10.0/Router.Benchmarks.dll" run "$@"
