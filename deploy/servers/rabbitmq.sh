# shellcheck shell=bash
# A private RabbitMQ. Sourced.

EPMD=/usr/bin/epmd
RABBITMQ=/usr/lib/rabbitmq/bin/rabbitmq-server
RABBITMQCTL=/usr/lib/rabbitmq/bin/rabbitmqctl

rabbitmq_node() {
    local node
    node=$(noted "$1/ports" RABBITMQ_NODE)
    echo "${node:-router@localhost}"
}

start_rabbitmq() {
    local dir=$1 home=$1/rabbitmq amqp management prometheus epmd dist password node more i
    [ -x "$RABBITMQ" ] || die "RabbitMQ is not installed: run deploy/servers.sh install"
    # Messages are in its files, and a crash report may hold some.
    umask 077
    mkdir -p "$home"
    chmod -R go-rwx "$home"
    password=$(secret "$dir/private" RABBITMQ_PASSWORD)
    amqp=$(port "$dir/ports" AMQP_PORT)
    management=$(port "$dir/ports" RABBITMQ_MANAGEMENT_PORT)
    prometheus=$(port "$dir/ports" RABBITMQ_PROMETHEUS_PORT)
    # Of a cluster: its nodes find each other by one.
    epmd=$(noted "$dir/ports" CLUSTERS_EPMD_PORT)
    [ -n "$epmd" ] || epmd=$(port "$dir/ports" EPMD_PORT)
    dist=$(port "$dir/ports" RABBITMQ_DIST_PORT)
    node=$(rabbitmq_node "$dir")
    (umask 077; cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = $prometheus
default_user = router
default_pass = $password
disk_free_limit.absolute = 100MB
CONF
    for more in "$dir/cluster.conf" "$dir/tls.conf"; do [ ! -f "$more" ] || cat "$more" >>"$home/rabbitmq.conf"; done
    )
    echo '[rabbitmq_management,rabbitmq_prometheus,rabbitmq_shovel,rabbitmq_shovel_management].' >"$home/plugins"

    if [ -z "$(noted "$dir/ports" CLUSTERS_EPMD_PORT)" ]; then
        setsid "$EPMD" -port "$epmd" -address 127.0.0.1 >/dev/null 2>&1 </dev/null &
        setting "$dir/servers.env" EPMD_PID "$!"
    fi
    # As under systemd, so that the script becomes the broker and its process id is the broker's.
    RUNNING_UNDER_SYSTEMD=true HOME=$home \
        RABBITMQ_NODENAME=$node RABBITMQ_DIST_PORT=$dist ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log RABBITMQ_CONFIG_FILE=$home/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=$home/plugins \
        setsid "$RABBITMQ" >"$home/console.log" 2>&1 </dev/null &
    local pid=$!
    setting "$dir/servers.env" RABBITMQ_PID "$pid"
    setting "$dir/servers.env" AMQP_URL "amqp://router:$password@127.0.0.1:$amqp/"
    setting "$dir/servers.env" RABBITMQ_MANAGEMENT_URL "http://127.0.0.1:$management"
    setting "$dir/servers.env" RABBITMQ_PROMETHEUS_URL "http://127.0.0.1:$prometheus"
    setting "$dir/servers.env" RABBITMQ_USER router
    setting "$dir/servers.env" RABBITMQ_PASSWORD "$password"

    for ((i = 0; i < 600; i++)); do
        if listens "$amqp" && curl -sf -m 2 -o /dev/null -K - "http://127.0.0.1:$management/api/overview" <<<"user = router:$password"; then return; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    stop_rabbitmq "$dir"
    die "RabbitMQ did not come up; see $home/console.log and $home/log"
}

stop_rabbitmq() {
    thaw_rabbitmq "$1"
    end "$(server_pid "$1" RABBITMQ_PID)" rabbit TERM 30
    end "$(server_pid "$1" EPMD_PID)" epmd TERM 5
}

kill_rabbitmq() {
    local pid epmd
    pid=$(server_pid "$1" RABBITMQ_PID) epmd=$(server_pid "$1" EPMD_PID)
    ! runs "$pid" rabbit || crash "$pid"
    ! runs "$epmd" epmd || crash "$epmd"
}

freeze_rabbitmq() { ! runs "$(server_pid "$1" RABBITMQ_PID)" rabbit || kill -STOP "$(server_pid "$1" RABBITMQ_PID)"; }

thaw_rabbitmq() { ! runs "$(server_pid "$1" RABBITMQ_PID)" rabbit || kill -CONT "$(server_pid "$1" RABBITMQ_PID)"; }

control_rabbitmq() {
    local dir=$1 home=$1/rabbitmq
    shift
    local epmd
    epmd=$(noted "$dir/ports" CLUSTERS_EPMD_PORT)
    HOME=$home RABBITMQ_NODENAME=$(rabbitmq_node "$dir") ERL_EPMD_PORT=${epmd:-$(noted "$dir/ports" EPMD_PORT)} \
        RABBITMQ_CONFIG_FILE=$home/rabbitmq RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log "$RABBITMQCTL" --timeout 15 "$@"
}
