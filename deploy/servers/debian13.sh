# shellcheck shell=bash
# ROUTER_SERVERS=debian13: Debian 13's servers in a root file system of their own. Sourced.

# Which servers: empty for the machine's own, or debian13.
other_servers() {
    case ${ROUTER_SERVERS:-} in
        '') return 1 ;;
        debian13) [ "$(id -u)" = 0 ] || die "ROUTER_SERVERS=debian13 needs root, to mount Debian 13's programs." ;;
        *) die "ROUTER_SERVERS is '$ROUTER_SERVERS'; it can be debian13, or empty for this machine's own servers." ;;
    esac
}

servers_root() {
    local cache=${XDG_CACHE_HOME:-}
    [ -n "$cache" ] || cache=~/.cache
    echo "$cache/lead-router/debian13"
}

lacks_servers_root() { other_servers && [ ! -d "$(servers_root)" ]; }

# Under its final name only once it is complete; behind a lock, for whoever else makes it at the same time.
make_servers_root() (
    root=$(servers_root)
    mkdir -p "${root%/*}"
    exec 9>"$root.lock"
    flock 9
    [ ! -d "$root" ] || return 0
    echo "making Debian 13 with RabbitMQ 4.0 and Postgres 17 in $root"
    rm -rf --one-file-system "$root.new"
    mmdebstrap --variant=minbase --include=rabbitmq-server,postgresql-17,curl --customize-hook='echo 127.0.0.1 localhost >"$1/etc/hosts"' \
        trixie "$root.new" >"$root.log" 2>&1 9>&- || die "Debian 13 could not be set up; see $root.log"
    mv "$root.new" "$root"
)

# Runs servers.sh again with Debian 13's /usr and /etc in place of the machine's, in a mount namespace of its own: everything else (files,
# processes, network, process ids) is the machine's, and the mounts are gone with the last server that was started in it.
in_servers_root() {
    local root
    root=$(servers_root)
    [ -d "$root" ] || die "RabbitMQ 4.0 and Postgres 17 are not installed: run ROUTER_SERVERS=debian13 deploy/servers.sh install"
    # shellcheck disable=SC2016 # For the shell inside.
    ROUTER_SERVERS='' PATH=/usr/sbin:/usr/bin exec unshare --mount --propagation private bash -c \
        'mount --bind "$0/usr" /usr && mount --bind "$0/etc" /etc && exec bash "$@"' "$root" "$SERVERS" "$@"
}
