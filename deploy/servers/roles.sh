# shellcheck shell=bash
# What the router signs in as, with what it needs and no more: docs/deploy.md. Sourced.

# The queues that the hosts may make, write to and read, and the exchanges of the same names.
ROUTER_NAMES='^(lead-(events|events-fresh|events-large|retries|dead-letters)|returned-leads)(_error|_skipped)?$|^Router[.]Core[.]'

make_roles() {
    local dir=$1 owner hosts port management password
    owner=$(secret "$dir/private" OWNER_PASSWORD)
    hosts=$(secret "$dir/private" HOSTS_PASSWORD)
    port=$(noted "$dir/ports" POSTGRES_PORT)
    # By standard input: others can see a command line.
    postgres_admin "$dir" router <<SQL >/dev/null
set log_statement = 'none';
do \$\$ begin
    if not exists (select from pg_roles where rolname = 'router_owner') then create role router_owner login; end if;
    if not exists (select from pg_roles where rolname = 'router_hosts') then create role router_hosts login; end if;
    -- Tables of a version before stay with whoever made them.
    if to_regclass('schema_migrations') is null then alter database router owner to router_owner; end if;
end \$\$;
alter role router_owner password '$owner';
alter role router_hosts password '$hosts';
SQL
    setting "$dir/servers.env" HOSTS_DATABASE_URL "postgres://router_hosts:$hosts@127.0.0.1:$port/router"
    if [ "$(postgres_admin "$dir" router <<<"select pg_get_userbyid(datdba) from pg_database where datname = 'router'")" = router_owner ]; then
        setting "$dir/servers.env" OWNER_DATABASE_URL "postgres://router_owner:$owner@127.0.0.1:$port/router"
    else
        setting "$dir/servers.env" OWNER_DATABASE_URL "$(noted "$dir/servers.env" DATABASE_URL)"
    fi

    password=$(secret "$dir/private" HOSTS_RABBITMQ_PASSWORD)
    management=$(noted "$dir/servers.env" RABBITMQ_MANAGEMENT_URL)
    rabbitmq_admin "$dir" "$management/api/users/router_hosts" <<<"{\"password\":\"$password\",\"tags\":\"monitoring\"}"
    # The default exchange is what RabbitMQ gives messages up to.
    rabbitmq_admin "$dir" "$management/api/permissions/%2F/router_hosts" \
        <<<"{\"configure\":\"$ROUTER_NAMES\",\"write\":\"$ROUTER_NAMES|^amq[.]default$\",\"read\":\"$ROUTER_NAMES\"}"
    setting "$dir/servers.env" HOSTS_AMQP_URL "amqp://router_hosts:$password@127.0.0.1:$(noted "$dir/ports" AMQP_PORT)/"
}

# postgres_admin DIR DATABASE: SQL from standard input. The password is in a file that only we can read.
postgres_admin() {
    local dir=$1 port
    port=$(noted "$dir/ports" POSTGRES_PORT)
    (umask 077; printf '127.0.0.1:%s:*:router:%s\n' "$port" "$(noted "$dir/private" POSTGRES_PASSWORD)" >"$dir/pgpass")
    PGPASSFILE=$dir/pgpass psql -q -h 127.0.0.1 -p "$port" -U router -d "$2" -v ON_ERROR_STOP=1 -tA
}

# rabbitmq_admin DIR URL: PUTs standard input.
rabbitmq_admin() {
    curl -sSf -m 10 -o /dev/null -X PUT "$2" -H 'Content-Type: application/json' --data-binary @- \
        -K <(printf 'user = "router:%s"' "$(noted "$1/private" RABBITMQ_PASSWORD)")
}
