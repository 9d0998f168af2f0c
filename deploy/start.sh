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
if runs "$(sed -n 's/^API_PID=//p' "$dir/env" 2>/dev/null || true)" Router.Api; then
    runs "$(sed -n 's/^WORKER_PID=//p' "$dir/env")" Router.Worker || die "Its worker has died; stop the rest with: deploy/stop.sh --dir $at, then start again."
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
. "$repo/deploy/stop.sh" --functions
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

# Only one build at a time in a checkout; each run has a copy of its own, so that a build never changes what runs.
if [ -n "$build" ]; then begin "Building"; else begin "Copying what was built"; fi
: >"$dir/logs/build.log"
(
    umask 022
    flock 8
    [ -z "$build" ] || dotnet build "$repo/deploy/demo.slnf" -c Release --nologo -v quiet -clp:ErrorsOnly >"$dir/logs/build.log" 2>&1 8>&- 9>&- \
        || { printf '\n'; tail -n 5 "$dir/logs/build.log" >&2; die "The build failed; see $at/logs/build.log"; }
    [ -e "$repo/deploy/demo-receiver/bin/Release/net10.0" ] || die "Nothing was built yet: leave --no-build out."
    rm -rf "$dir/app" && mkdir -p "$dir/app"
    cp -r "$repo/src/Router.Api/bin/Release/net10.0" "$dir/app/api"
    cp -r "$repo/src/Router.Worker/bin/Release/net10.0" "$dir/app/worker"
    cp -r "$repo/deploy/demo-receiver/bin/Release/net10.0" "$dir/app/receiver"
) 8>"$repo/deploy/.build.lock"
finish

begin "Postgres on 127.0.0.1"
"$repo/deploy/servers.sh" start-postgres "$dir" 9>&-
finish
begin "RabbitMQ on 127.0.0.1"
"$repo/deploy/servers.sh" start-rabbitmq "$dir" 9>&-
finish
. "$dir/servers.env"

admin_token=$(secret "$dir/private" ROUTER_ADMIN_TOKEN)
operator=operator@demo.test
operator_password=$(secret "$dir/private" ROUTER_OPERATOR_PASSWORD)
# Encrypts the keys in Postgres that encrypt the destinations' secrets: a dump of the database alone gives nothing away.
certificate=$dir/private.pem
[ -s "$certificate" ] || (
    umask 077
    openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=lead-router -keyout "$certificate.key" -out "$certificate.crt" 2>"$dir/logs/openssl.log" \
        && cat "$certificate.crt" "$certificate.key" >"$certificate" && rm "$certificate.crt" "$certificate.key"
) || die "The certificate could not be made; see $at/logs/openssl.log"
lead_manager_secret=$(secret "$dir/private" LEAD_MANAGER_SECRET)
custom_api_secret=$(secret "$dir/private" CUSTOM_API_SECRET)
receiver_port=$(port "$dir/ports" RECEIVER_PORT)
worker_port=$(port "$dir/ports" WORKER_PORT)
router=http://127.0.0.1:$port
receiver=http://127.0.0.1:$receiver_port

# launch NAME URL DLL [VARIABLE=VALUE …]: a process of its own session, so that Ctrl-C reaches only this script. Sets $pid.
# The variables are exported, not given to env: a command line is for everybody to read.
launch() {
    local name=$1 url=$2 dll=$3
    shift 3
    (
        export ASPNETCORE_URLS=$url DOTNET_NOLOGO=1 "$@"
        exec setsid dotnet "$dir/app/$name/$dll"
    ) >>"$dir/logs/$name.log" 2>&1 </dev/null 9>&- &
    pid=$!
    disown
}

# await NAME PID URL: until it is ready, or no longer there.
await() {
    local i
    for ((i = 0; i < 600; i++)); do
        curl -sf -m 2 -o /dev/null "$3" && return
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    die "The $1 did not come up; see $at/logs/$1.log"
}

# The demo's receiver speaks plain http on loopback. Nothing else on this machine may be reached: list a receiver of yours in Network__Allow.
allow=127.0.0.1:$receiver_port${Network__Allow:+,$Network__Allow}

begin "Router.Api on $router"
: >"$dir/logs/receiver.log"
launch receiver "$receiver" DemoReceiver.dll \
    "Secrets__lead_manager=$lead_manager_secret" "Secrets__custom_api=$custom_api_secret"
setting "$dir/env" RECEIVER_PID "$pid"
launch api "$router" Router.Api.dll \
    "Database__ConnectionString=$DATABASE_URL" "RabbitMq__Uri=$AMQP_URL" "RabbitMq__ManagementUri=$RABBITMQ_MANAGEMENT_URL" "Secrets__CertificatePath=$certificate" \
    "Admin__Token=$admin_token" "Admin__Email=$operator" "Admin__Password=$operator_password" "Network__Allow=$allow"
api_pid=$pid
setting "$dir/env" API_PID "$api_pid"
await api "$api_pid" "$router/health/ready"
finish
begin "Router.Worker"
launch worker "http://127.0.0.1:$worker_port" Router.Worker.dll \
    "Database__ConnectionString=$DATABASE_URL" "RabbitMq__Uri=$AMQP_URL" "RabbitMq__ManagementUri=$RABBITMQ_MANAGEMENT_URL" "Secrets__CertificatePath=$certificate" "Network__Allow=$allow"
worker_pid=$pid
setting "$dir/env" WORKER_PID "$worker_pid"
await worker "$worker_pid" "http://127.0.0.1:$worker_port/health/ready"
finish

# call METHOD PATH [BODY]: the management API; prints the answer. Token and body stay off the command line.
call() {
    printf '%s' "${3:-}" | curl -sS -m 10 -f -X "$1" "$router$2" -H 'Content-Type: application/json' ${3:+--data-binary @-} \
        -K <(printf 'header = "Authorization: Bearer %s"' "$admin_token")
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
noted() { sed -n "s/^$1=//p" "$dir/env"; }

begin "Demo site, product and destinations"
site=$(noted DEMO_SITE)
old_receiver=$(noted RECEIVER_URL)
if [ -n "$site" ] && call GET "/api/sites/$site" >/dev/null 2>&1; then
    user=$(noted DEMO_USER) password=$(noted DEMO_PASSWORD) destination=$(noted DEMO_DESTINATION)
    # The receiver may have another port this time; a destination that was pointed elsewhere stays as it is.
    if [ "$old_receiver" != "$receiver" ]; then
        call GET "/api/sites/$site/destinations?limit=500" | sed 's/},{/}\n{/g' | grep -F "\"url\":\"$old_receiver/" | while read -r line; do
            call PATCH "/api/sites/$site/destinations/$(field id <<<"$line")" "{\"url\":\"$receiver/$(field url <<<"$line" | sed 's,.*/,,')\"}" >/dev/null
        done || true
    fi
else
    site=$(cat /proc/sys/kernel/random/uuid)
    user=demo-website-$(random | head -c 6)
    call POST /api/sites "{\"id\":\"$site\",\"name\":\"Demo Realty\",\"domain\":\"www.demo-realty.test\",
        \"login_url_template\":\"https://www.demo-realty.test/login?lead={lead_id}\",
        \"lead_manager\":{\"url\":\"$receiver/lead_manager\",\"secret\":\"$lead_manager_secret\",\"partner_id\":\"lead-manager-demo\"}}" >/dev/null
    password=$(call POST /api/products "{\"username\":\"$user\",\"display_name\":\"Demo Website\"}" | field password)
    call PUT "/api/products/$user/sites/$site" >/dev/null
    destination=$(call POST "/api/sites/$site/destinations" "{\"name\":\"Demo Custom API\",\"url\":\"$receiver/custom_api\",
        \"secret\":\"$custom_api_secret\",\"partner_id\":\"custom-api-demo\",\"active\":true}" | field id)
fi
for line in "ROUTER_URL=$router" "ROUTER_ADMIN_TOKEN=$admin_token" "ROUTER_OPERATOR=$operator" "ROUTER_OPERATOR_PASSWORD=$operator_password" "DATABASE_URL=$DATABASE_URL" "AMQP_URL=$AMQP_URL" \
    "RABBITMQ_MANAGEMENT_URL=$RABBITMQ_MANAGEMENT_URL" "RABBITMQ_USER=$RABBITMQ_USER" "RABBITMQ_PASSWORD=$RABBITMQ_PASSWORD" \
    "DEMO_SITE=$site" "DEMO_USER=$user" "DEMO_PASSWORD=$password" "DEMO_DESTINATION=$destination" "RECEIVER_URL=$receiver" \
    "WORKER_URL=http://127.0.0.1:$worker_port" "RABBITMQ_PID=$RABBITMQ_PID" "POSTGRES_PID=$POSTGRES_PID"; do
    setting "$dir/env" "${line%%=*}" "${line#*=}"
done
finish

# trouble SENTENCE: the end for a fresh demo; on one that somebody has changed since, only worth a word.
trouble() { [ -n "$old_receiver" ] || die "$1"; step=; printf '\n%s\n' "$1"; }

# The demo's own lead goes to Lead Manager and the demo's custom API only, and not even there once they are somebody's real ones.
shown=
if [ "$(call GET "/api/sites/$site/destinations?limit=500" | sed 's/},{/}\n{/g' | grep -c -e "$receiver/lead_manager" -e "$receiver/custom_api" || true)" -ge 2 ]; then
    begin "One lead"
    lead=$(cat /proc/sys/kernel/random/uuid)
    printf '%s' '{
        "id": "'"$lead"'", "source": "Website Property Search", "first_name": "Jack", "last_name": "Johnson", "email": "jack@mail.test",
        "phone": "808-817-2382", "role": "Buyer",
        "activities": [{"type": "visited", "source": "Website Property Search", "description": "First visit"}]}' \
        | curl -sS -m 10 -f -o /dev/null --data-binary @- "$router/rest/sites/$site/leads" -H 'Content-Type: application/json' \
            -H "X-ROUTER-DESTINATIONS: $destination" -K <(printf 'user = "%s:%s"' "$user" "$password") \
        || trouble "The lead was refused; see $at/logs/api.log"
    # What the receiver printed of this lead: its log is blocks that end with the word about the signature.
    arrived() { awk -v id="$lead" '{ block = block $0 "\n" } /^signature / { if (index(block, id)) printf "%s\n", block; block = "" }' "$dir/logs/receiver.log"; }
    for ((i = 0; i < 150; i++)); do
        [ "$(arrived | grep -c '^signature verified' || true)" -ge 2 ] && break
        sleep 0.1
    done
    shown=$(arrived)
    if [ "$(grep -c '^signature verified' <<<"$shown" || true)" -ge 2 ]; then finish
    else trouble "The lead did not arrive, signed, at both of the demo's destinations; see $at/logs/worker.log"; fi
else
    say "The demo site's destinations are no longer the demo's own: no sample lead is sent."
fi

cat <<TEXT

${shown:+One POST to the incoming API became these two signed requests:

$shown
}
Router      $router   (sign in as $operator, password in $at/env)
RabbitMQ    $RABBITMQ_MANAGEMENT_URL   (user $RABBITMQ_USER, password in $at/env)
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
