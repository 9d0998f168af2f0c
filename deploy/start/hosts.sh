# shellcheck shell=bash disable=SC2154
# Starts the API, the worker and the demo receiver. Sourced by start.sh.

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

start_receiver() {
    : >"$dir/logs/receiver.log"
    launch receiver "$receiver" DemoReceiver.dll "Secrets__lead_manager=$lead_manager_secret" "Secrets__custom_api=$custom_api_secret"
    setting "$dir/env" RECEIVER_PID "$pid"
}

# start_host NAME URL DLL [VARIABLE=VALUE …]: a host with what both need, until it is ready. Sets $pid.
start_host() {
    local name=$1 url=$2 dll=$3
    shift 3
    # The demo's receiver speaks plain http on loopback. Nothing else on this machine may be reached: list a receiver of yours in Network__Allow.
    launch "$name" "$url" "$dll" \
        "Database__ConnectionString=$DATABASE_URL" "RabbitMq__Uri=$AMQP_URL" "RabbitMq__ManagementUri=$RABBITMQ_MANAGEMENT_URL" \
        "Secrets__CertificatePath=$certificate" "Network__Allow=${receiver#http://}${Network__Allow:+,$Network__Allow}" "$@"
    setting "$dir/env" "${name^^}_PID" "$pid"
    await "$name" "$pid" "$url/health/ready"
}
