# shellcheck shell=bash disable=SC2154
# Postgres and RabbitMQ from Debian's packages, on this machine and for this machine only. Sourced by install.sh.

install_servers() {
    local packages=() fresh=
    compgen -G '/var/lib/rabbitmq/mnesia/*' >/dev/null || fresh=1
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || packages+=(rabbitmq-server)
    [ ${#packages[@]} -eq 0 ] || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"; }
    [ -z "$fresh" ] || keep_rabbitmq_to_this_machine
    local conf=/etc/rabbitmq/conf.d/10-lead-router.conf
    install -d -m 755 /etc/rabbitmq/conf.d
    if [ ! -e "$conf" ]; then
        printf 'listeners.tcp.1 = 127.0.0.1:5672\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = 15672\nprometheus.tcp.ip = 127.0.0.1\n' >"$conf"
        rabbitmq-plugins enable --offline -q rabbitmq_management rabbitmq_prometheus rabbitmq_shovel rabbitmq_shovel_management >/dev/null
        systemctl restart rabbitmq-server
    fi
    systemctl start rabbitmq-server postgresql
    # An administrator whose password everybody knows, and who may do everything from this machine.
    [ -z "$fresh" ] || rabbitmqctl -q delete_user guest
}

# The ports for other nodes, too, which Debian opens to everybody. Only of a RabbitMQ that was never used: it gets another name, since the
# machine's own may not lead to 127.0.0.1, and its data is kept by name.
keep_rabbitmq_to_this_machine() {
    systemctl stop rabbitmq-server epmd.service epmd.socket 2>/dev/null || true
    printf 'NODENAME=rabbit@localhost\nSERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"\n' >>/etc/rabbitmq/rabbitmq-env.conf
    install -d -m 755 /etc/systemd/system/epmd.socket.d
    printf '[Socket]\nListenStream=\nListenStream=127.0.0.1:4369\n' >/etc/systemd/system/epmd.socket.d/lead-router.conf
    systemctl daemon-reload
    systemctl start epmd.socket
}

as_postgres() { (cd / && runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -tA "$@"); }

# Roles, a database, a user: with passwords that are nowhere but in the router's secrets. One role owns the tables, the hosts use them.
give_router_its_place() {
    local password names
    if [ ! -s "$secrets/Database__ConnectionString" ]; then
        local owner
        password=$(random) owner=$(random)
        # The passwords by standard input: others can see a command line.
        as_postgres <<SQL
set log_statement = 'none';
do \$\$ begin
    if not exists (select from pg_roles where rolname = 'router_owner') then create role router_owner login; end if;
    if not exists (select from pg_roles where rolname = 'router_hosts') then create role router_hosts login; end if;
end \$\$;
alter role router_owner password '$owner';
alter role router_hosts password '$password';
SQL
        [ "$(as_postgres -c "select 1 from pg_database where datname = 'router'")" = 1 ] || as_postgres -c 'create database router owner router_owner'
        secret_file Database__OwnerConnectionString "postgres://router_owner:$owner@127.0.0.1:5432/router"
        secret_file Database__ConnectionString "postgres://router_hosts:$password@127.0.0.1:5432/router"
    fi
    if [ "$(as_postgres -c 'show max_locks_per_transaction')" -lt 512 ]; then
        as_postgres -c 'alter system set max_locks_per_transaction = 512' -c "alter system set log_error_verbosity = 'terse'"
        systemctl restart postgresql
    fi
    if [ ! -s "$secrets/RabbitMq__Uri" ]; then
        password=$(random)
        rabbitmqctl -q list_users | grep -q '^router[[:space:]]' && rabbitmqctl -q change_password router <<<"$password" \
            || rabbitmqctl -q add_user router <<<"$password"
        rabbitmqctl -q set_user_tags router monitoring
        # Its own queues and the exchanges of their names; and the default exchange, which RabbitMQ gives messages up to.
        names='^(lead-(events|events-fresh|events-large|retries|dead-letters)|returned-leads)(_error|_skipped)?$|^Router[.]Core[.]'
        rabbitmqctl -q set_permissions -p / router "$names" "$names|^amq[.]default\$" "$names"
        secret_file RabbitMq__Uri "amqp://router:$password@127.0.0.1:5672/"
    fi
}
