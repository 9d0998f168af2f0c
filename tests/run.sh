#!/usr/bin/env bash
# Installs what is missing and runs every test against real servers, which the tests start themselves on free ports of
# 127.0.0.1, or against those that ROUTER_TEST_DATABASE_URL, ROUTER_TEST_AMQP_URL and ROUTER_TEST_RABBITMQ_MANAGEMENT_URL
# point at. Arguments go to xunit's runner, for example: tests/run.sh -class '*Outcome*'; -? lists them.
# tests/run.sh --servers debian13 [ARGUMENT …]: on RabbitMQ 4.0 and Postgres 17 of Debian 13; deploy/servers.sh says how.
# tests/run.sh --quick: the tests that need no servers, and a smoke test with them; two minutes once all is built.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" = --servers ]; then
    export ROUTER_SERVERS=${2:?"--servers wants a name: debian13"}
    shift 2
fi

quick=
if [ "${1:-}" = --quick ]; then
    quick=1
    shift
fi

# PgBouncer, Tinyproxy, Prometheus, Patroni and Glewlwyd, an OpenID Connect provider, are for their own tests; the languages are for the samples in
# docs/receivers.md, which are run against a real delivery.
more=(curl python3 nodejs:node ruby php-cli:php golang-go:go default-jdk-headless:javac pgbouncer:/usr/sbin/pgbouncer
      tinyproxy-bin:tinyproxy prometheus patroni etcd-server:etcd glewlwyd sqlite3)
# A container engine, and what reads units: for deploy/.
more+=(podman podman-compose runc:/usr/sbin/runc netavark:/usr/lib/podman/netavark aardvark-dns:/usr/lib/podman/aardvark-dns iptables
    systemd:systemd-analyze iproute2:ss)
[ -z "$quick" ] || more=()
deploy/servers.sh install "${more[@]}" || exit 1
# Chromium without what draws its windows takes half of the processor's time. Not every Debian has it.
[ -n "$quick" ] || deploy/servers.sh install chromium-headless-shell 2>/dev/null || deploy/servers.sh install chromium || exit 1
command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing: see https://dotnet.microsoft.com/download" >&2; exit 1; }

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# However busy the machine: longer it takes only where it hangs.
patience=(timeout --foreground --kill-after 60 900)
"${patience[@]}" dotnet build Router.sln -c Release --nologo -v quiet || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# What hangs is named after three minutes, and ends so many seconds after the beginning: its servers may still run then.
deadline=4500
# A test project's program: not by way of `dotnet test`, which takes seconds for each, and says nothing until all is over.
# runner PROJECT: its command, in the array of that name.
runner() {
    local left=$((deadline - SECONDS))
    runner=(timeout --foreground --signal INT --kill-after 60 "$((left > 1 ? left : 1))" "tests/$1/bin/Release/net10.0/$1"
        -noColor -noLogo -reporter quiet -longRunning 180 -trx "$results/$1.trx")
}
# Of each kind how many, in the reports that are named.
count() { grep -ho "<Counters [^>]*" "${@:2}" 2>/dev/null | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*' | awk '{ sum += $1 } END { print sum + 0 }'; }

# A runner that was interrupted ends as if nothing were wrong: the next one would begin.
trap 'exit 130' INT TERM

status=0
# For the tests of an upgrade: a minute or two, once for each version.
[ -n "$quick" ] || [ ! -s deploy/previous-version ] || "${patience[@]}" tests/upgrade.sh build || status=1

# suite PROJECT [ARGUMENT …]
suite() {
    local began=$SECONDS failed=0
    runner "$1"
    "${runner[@]}" "${@:2}" || failed=1
    told "$1" "$began"
    return "$failed"
}
# told PROJECT BEGAN
told() { echo "$1: $(count passed "$results/$1.trx") passed, $(count failed "$results/$1.trx") failed in $((SECONDS - $2)) s"; }

# What fails soon comes first, what takes long last.
suite Router.Core.Tests "$@" || status=1
suite Router.Architecture.Tests "$@" || status=1
suite Router.Docs.Tests "$@" || status=1
if [ -n "$quick" ]; then
    suite Router.IntegrationTests -class '*.DeliveryTests' || status=1
else
    suite Router.IntegrationTests "$@" || status=1
    # A browser computes while containers, hosts and servers come up and go down. Its output comes in one piece, when all are done.
    # In a network of its own, of a loopback only: when a container's network comes or goes, Chromium gives up the requests that it has open
    # (ERR_NETWORK_CHANGED). Only root may make one, and servers that run elsewhere can't be reached from it.
    apart=()
    # shellcheck disable=SC2016
    [ "$(id -u)" != 0 ] || [ -n "${ROUTER_TEST_DATABASE_URL:-}${ROUTER_TEST_AMQP_URL:-}" ] || ! unshare --net true 2>/dev/null \
        || apart=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
    # In a group of its own, so that it hears of a Ctrl-C once: from here.
    runner Router.BrowserTests
    began=$SECONDS
    set -m
    "${apart[@]}" "${runner[@]}" "$@" >"$results/browser.out" 2>&1 &
    browser=$!
    set +m
    trap 'kill -INT "$browser" 2>/dev/null; wait "$browser"; exit 130' INT TERM
    suite Router.DeployTests "$@" || status=1
    suite Router.Chaos "$@" || status=1
    wait "$browser" || status=1
    trap 'exit 130' INT TERM
    cat "$results/browser.out"
    told Router.BrowserTests "$began"
fi

total=$(count total "$results"/*.trx) passed=$(count passed "$results"/*.trx)
skipped=$(($(count notExecuted "$results"/*.trx) + $(count inconclusive "$results"/*.trx)))
failed=$((total - passed - skipped))
[ "$total" -gt 0 ] || { echo "No test ran." >&2; status=1; }
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1

# Which failed and why, once more at the end: a log that was cut keeps its last lines.
awk '
    /<UnitTestResult / { reads = 0; failed = /outcome="Failed"/; match($0, /testName="[^"]*"/); name = substr($0, RSTART + 10, RLENGTH - 11) }
    failed && /<Message>/ { print "FAILED " name; reads = 8 }
    reads > 0 { reads = /<\/Message>/ ? 0 : reads - 1; gsub(/<\/?Message>|^ +|&#xD;/, ""); print "    " substr($0, 1, 300) }
' "$results"/*.trx 2>/dev/null
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
