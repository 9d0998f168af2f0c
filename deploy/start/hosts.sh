# shellcheck shell=bash disable=SC2154
# Starts the API, the worker and the demo receiver. Sourced by start.sh.

# secret_files NAME [SETTING=VALUE …]: each a file of DIR/secrets/NAME, and no other. What starts programs is seen by others: their command lines
# by everybody, their environment by whoever runs as this user, and by what they start in turn.
secret_files() {
    local to=$dir/secrets/$1 one
    shift
    rm -rf "$to"
    (umask 077; mkdir -p "$to"; for one in "$@"; do printf '%s\n' "${one#*=}" >"$to/${one%%=*}"; done)
}

# launch NAME URL DLL [VARIABLE=VALUE …]: a process of its own session, so that Ctrl-C reaches only this script. Sets $pid. Its secrets are
# those of secret_files.
launch() {
    local name=$1 url=$2 dll=$3
    shift 3
    (
        export ASPNETCORE_URLS=$url DOTNET_NOLOGO=1 Settings__Directory=$dir/secrets/$name "$@"
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

start_receiver() {
    : >"$dir/logs/receiver.log"
    secret_files receiver "Secrets__lead_manager=$lead_manager_secret" "Secrets__custom_api=$custom_api_secret"
    launch receiver "$receiver" DemoReceiver.dll
    setting "$dir/env" RECEIVER_PID "$pid"
}

# bring_schema_up_to_date: as the owner of the tables, whom the hosts don't know.
bring_schema_up_to_date() {
    secret_files migrate "Database__ConnectionString=$HOSTS_DATABASE_URL" "Database__OwnerConnectionString=$OWNER_DATABASE_URL"
    (export DOTNET_NOLOGO=1 Settings__Directory=$dir/secrets/migrate; exec dotnet "$dir/app/worker/Router.Worker.dll" migrate) \
        >"$dir/logs/migrate.log" 2>&1 </dev/null 9>&- || die "The schema could not be brought up to date; see $at/logs/migrate.log"
}

# start_host NAME URL DLL [SETTING=VALUE …]: a host with what both need, until it is ready. Sets $pid. The settings are secrets of its own.
start_host() {
    local name=$1 url=$2 dll=$3
    shift 3
    secret_files "$name" "Database__ConnectionString=$HOSTS_DATABASE_URL" "RabbitMq__Uri=$HOSTS_AMQP_URL" "$@"
    # The demo's receiver speaks plain http on loopback. Nothing else on this machine may be reached: list a receiver of yours in Network__Allow.
    launch "$name" "$url" "$dll" \
        "RabbitMq__ManagementUri=$RABBITMQ_MANAGEMENT_URL" "Secrets__CertificatePath=$certificate" "Pages__Notice=$notice" \
        "Admin__Email=$operator" "Network__Allow=${receiver#http://}${Network__Allow:+,$Network__Allow}"
    setting "$dir/env" "${name^^}_PID" "$pid"
    await "$name" "$pid" "$url/health/ready"
}
