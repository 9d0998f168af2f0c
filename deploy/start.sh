#!/usr/bin/env bash
# Starts everything on this machine and sends one lead through it.
#
#   deploy/start.sh [--port N] [--dir DIR] [--no-build] [--detach]
#
#   --port N     the port of the router; default 8080. All other ports are free ones.
#   --dir DIR    where data, logs and DIR/env live; default .run beside this folder. Data survives a stop and start.
#   --no-build   start what was built last.
#   --detach     return when all is ready instead of staying until Ctrl-C; deploy/stop.sh stops it.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$repo/deploy/servers.sh"
. "$repo/deploy/stop.sh" --functions
. "$repo/deploy/certificate.sh"
. "$repo/deploy/start/build.sh"
. "$repo/deploy/start/hosts.sh"
. "$repo/deploy/start/metrics.sh"
. "$repo/deploy/demo.sh"

port=8080 dir=$repo/.run build=1 detach=
while [ $# -gt 0 ]; do
    case $1 in
        --port) port=${2:-}; shift 2 || die "--port wants a number." ;;
        --dir) dir=${2:-}; shift 2 || die "--dir wants a directory." ;;
        --no-build) build=; shift ;;
        --detach) detach=1; shift ;;
        -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit ;;
        *) die "start.sh knows no option '$1'; see --help." ;;
    esac
done
[[ $port =~ ^[0-9]+$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || die "--port wants a number from 1 to 65535."
if [ -d "$dir" ] && [ ! -e "$dir/lock" ] && [ -n "$(ls -A "$dir")" ]; then
    die "The directory $dir holds something else; choose a new or an empty one with --dir DIR."
fi
listens "$port" && [ ! -e "$dir/env" ] && die "Port $port is in use; choose another one with --port N."
make_private "$dir" && (umask 077; mkdir -p "$dir/logs"; : >>"$dir/lock") || die "The directory $dir cannot be made."
dir=$(cd "$dir" && pwd)
# As it can be pasted.
at=$(printf %q "$dir")

exec 9>"$dir/lock"
flock -n 9 || die "Another start.sh is at work in $dir."
if runs "$(noted "$dir/env" API_PID)" Router.Api; then
    runs "$(noted "$dir/env" WORKER_PID)" Router.Worker || die "Its worker has died; stop the rest with: deploy/stop.sh --dir $at, then start again."
    die "It already runs in $dir; stop it with: deploy/stop.sh --dir $at"
fi
listens "$port" && die "Port $port is in use; choose another one with --port N."

started=$SECONDS step=
say() { printf '%s\n' "$*"; }
begin() { step=$1; printf '%-42s' "$1 …"; }
finish() { printf ' ok  (%s s)\n' "$((SECONDS - started))"; step=; }

# Whatever ends this script before all is ready, or a Ctrl-C after that, stops what it started.
cleanup() {
    local status=$?
    trap - EXIT INT TERM
    [ -z "$step" ] || printf '\n'
    [ -n "${ready:-}" ] && say "Stopping …"
    stop_all "$dir"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$(missing)" ] || lacks_servers_root; then
    begin "Installing $(missing | paste -sd ' ')"
    printf '\n'
    install_missing
fi
# From here on: leads are in the logs, and in what the servers write. A run of an older version left them readable.
umask 077
chmod -R go-rwx "$dir/logs"
command -v dotnet >/dev/null || die "The .NET 10 SDK is missing: see https://dotnet.microsoft.com/download"

if [ -n "$build" ]; then begin "Building"; else begin "Copying what was built"; fi
build_and_copy
finish

begin "Postgres on 127.0.0.1"
"$repo/deploy/servers.sh" start-postgres "$dir" 9>&-
finish
begin "RabbitMQ on 127.0.0.1"
"$repo/deploy/servers.sh" start-rabbitmq "$dir" 9>&-
finish
"$repo/deploy/servers.sh" roles "$dir" 9>&-
. "$dir/servers.env"

certificate=$dir/private.pem
make_certificate "$certificate"
operator=operator@demo.test
operator_password=$(secret "$dir/private" ROUTER_OPERATOR_PASSWORD)
lead_manager_secret=$(secret "$dir/private" LEAD_MANAGER_SECRET)
custom_api_secret=$(secret "$dir/private" CUSTOM_API_SECRET)
admin_token=$(secret "$dir/private" ROUTER_ADMIN_TOKEN)
router=http://127.0.0.1:$port
receiver=http://127.0.0.1:$(port "$dir/ports" RECEIVER_PORT)
worker=http://127.0.0.1:$(port "$dir/ports" WORKER_PORT)
api_metrics=127.0.0.1:$(port "$dir/ports" API_METRICS_PORT)
worker_metrics=127.0.0.1:$(port "$dir/ports" WORKER_METRICS_PORT)

# On every page, and in the log.
notice='Demo: everything is on this machine, and goes with deploy/stop.sh --remove. Not for real leads.'

begin "Schema"
bring_schema_up_to_date
finish
begin "Router.Api on $router"
start_receiver
start_host api "$router" Router.Api.dll "Telemetry__PrometheusPort=${api_metrics#*:}" "Admin__Token=$admin_token" "Admin__Password=$operator_password"
api_pid=$pid
finish
begin "Router.Worker"
start_host worker "$worker" Router.Worker.dll "Telemetry__PrometheusPort=${worker_metrics#*:}"
worker_pid=$pid
finish

configure_prometheus
ROUTER_URL=$router ROUTER_ADMIN_TOKEN=$admin_token RECEIVER_URL=$receiver LEAD_MANAGER_SECRET=$lead_manager_secret CUSTOM_API_SECRET=$custom_api_secret
begin "Demo site, product and destinations"
fresh=
[ -n "$(noted "$dir/env" DEMO_SITE)" ] || fresh=1
demo_site "$dir/env"
for line in "ROUTER_URL=$router" "ROUTER_ADMIN_TOKEN=$admin_token" "ROUTER_OPERATOR=$operator" "ROUTER_OPERATOR_PASSWORD=$operator_password" "DATABASE_URL=$DATABASE_URL" "AMQP_URL=$AMQP_URL" \
    "RABBITMQ_MANAGEMENT_URL=$RABBITMQ_MANAGEMENT_URL" "RABBITMQ_USER=$RABBITMQ_USER" "RABBITMQ_PASSWORD=$RABBITMQ_PASSWORD" \
    "WORKER_URL=$worker" "RABBITMQ_PID=$RABBITMQ_PID" "POSTGRES_PID=$POSTGRES_PID"; do
    setting "$dir/env" "${line%%=*}" "${line#*=}"
done
finish

# trouble SENTENCE: the end for a fresh demo; on one that somebody has changed since, only worth a word.
trouble() { [ -z "$fresh" ] || die "$1"; step=; printf '\n%s\n' "$1"; }

shown=
if demo_is_untouched "$dir/env"; then
    begin "One lead"
    shown=$(demo_lead "$dir/env") && failure=0 || failure=$?
    case $failure in
        0) finish ;;
        1) trouble "The lead was refused; see $at/logs/api.log" ;;
        *) trouble "The lead did not arrive, signed, at both of the demo's destinations; see $at/logs/worker.log" ;;
    esac
else
    say "The demo site's destinations are no longer the demo's own: no sample lead is sent."
fi

cat <<TEXT

${shown:+One POST to the incoming API became these two signed requests:

$shown
}
Router      $router   (sign in as $operator, password in $at/env)
RabbitMQ    $RABBITMQ_MANAGEMENT_URL   (user $RABBITMQ_USER, password in $at/env)
Metrics     http://$api_metrics/metrics (API), http://$worker_metrics/metrics (worker); for Prometheus: $at/prometheus.yml
Logs        $at/logs
Settings    . $at/env

Send a lead of your own:
  . $at/env
  curl -i -u "\$DEMO_USER:\$DEMO_PASSWORD" "\$ROUTER_URL/rest/sites/\$DEMO_SITE/leads" -H 'Content-Type: application/json' \\
    -d '{"source": "My website", "email": "ann@mail.test"}'
TEXT
ready=1
if [ -n "$detach" ]; then
    trap - EXIT INT TERM
    say "It runs; stop it with: deploy/stop.sh --dir $at"
    exit 0
fi

say "It runs until Ctrl-C. What arrives at the demo receiver is shown here."
say
exec 9>&-
tail -n 0 -F --pid=$$ "$dir/logs/receiver.log" 2>/dev/null &
while kill -0 "$api_pid" 2>/dev/null && kill -0 "$worker_pid" 2>/dev/null; do sleep 1 & wait $! || true; done
if kill -0 "$api_pid" 2>/dev/null; then died=worker; else died=api; fi
die "Router's $died ended by itself; see $at/logs/$died.log"
