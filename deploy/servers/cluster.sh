# shellcheck shell=bash
# Three RabbitMQ nodes that form a cluster, in DIR/1, DIR/2 and DIR/3. Each of them is started, killed and frozen like a single one. Sourced.

start_cluster() {
    local dir=$1 epmd cookie password node i
    local started=()
    mkdir -p "$dir"
    epmd=$(port "$dir/ports" EPMD_PORT)
    setsid "$EPMD" -port "$epmd" -address 127.0.0.1 >/dev/null 2>&1 </dev/null &
    setting "$dir/servers.env" EPMD_PID "$!"
    cookie=$(secret "$dir/private" COOKIE)
    password=$(secret "$dir/private" RABBITMQ_PASSWORD)
    for node in 1 2 3; do
        mkdir -p "$dir/$node/rabbitmq"
        setting "$dir/$node/private" RABBITMQ_PASSWORD "$password"
        setting "$dir/$node/ports" RABBITMQ_NODE "router$node@localhost"
        setting "$dir/$node/ports" CLUSTERS_EPMD_PORT "$epmd"
        # Read-only by then, if it is there.
        [ -f "$dir/$node/rabbitmq/.erlang.cookie" ] || (umask 377; printf %s "$cookie" >"$dir/$node/rabbitmq/.erlang.cookie")
        {
            # A node that sees less than half of the cluster stops, rather than go on by itself.
            echo 'cluster_partition_handling = pause_minority'
            echo 'cluster_formation.peer_discovery_backend = classic_config'
            # What the management API tells is as old as that.
            echo 'collect_statistics_interval = 1000'
            # The first one founds it, and waits for nobody.
            for i in $([ "$node" = 1 ] && echo 1 || echo 1 2 3); do echo "cluster_formation.classic_config.nodes.$i = router$i@localhost"; done
        } >"$dir/$node/cluster.conf"
    done
    start_rabbitmq "$dir/1"
    for node in 2 3; do
        start_rabbitmq "$dir/$node" &
        started+=($!)
    done
    for i in "${started[@]}"; do wait "$i" || die "The cluster did not come up; see $dir"; done
}

stop_cluster() {
    local node
    for node in 1 2 3; do kill_rabbitmq "$1/$node"; done
    end "$(server_pid "$1" EPMD_PID)" epmd TERM 5
}

# cut_node DIR/N, mend_node DIR/N: the lines between this node and the others break and can't be made again, as when its network is cut. It
# claims another cookie towards each of them. Its clients still reach it.
cut_node() {
    control_rabbitmq "$1" eval '[begin erlang:set_cookie(N, cut), erlang:disconnect_node(N) end || N <- nodes()].'
}

mend_node() {
    control_rabbitmq "$1" eval '[erlang:set_cookie(list_to_atom("router" ++ I ++ "@localhost"), erlang:get_cookie()) || I <- ["1", "2", "3"]].'
}
