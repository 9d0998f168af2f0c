#!/usr/bin/env bash
# A private Postgres and a private RabbitMQ on 127.0.0.1, for the demo and for the tests. Needs no service manager.
#
#   servers.sh install [PACKAGE[:COMMAND] …]   installs what is missing (apt, as root or with sudo): the servers, and each
#                                         PACKAGE whose COMMAND (by default of the same name) isn't there
#   servers.sh installed                  whether all is there that `start` needs, by its exit code
#   servers.sh start DIR                  starts both; how to reach them is then in DIR/servers.env
#   servers.sh stop DIR                   stops both, by process id; their data stays
#   servers.sh start-postgres|stop-postgres|start-rabbitmq|stop-rabbitmq DIR
#   servers.sh kill-postgres|kill-rabbitmq DIR   as a crash does it: SIGKILL
#   servers.sh freeze-postgres|thaw-postgres|freeze-rabbitmq|thaw-rabbitmq DIR   still there, and does nothing: SIGSTOP, SIGCONT
#   servers.sh roles DIR                  makes the roles that the router signs in as; both servers must run. DIR/servers.env has them
#   servers.sh backup-postgres DIR COPY   copies its data into the directory COPY while it runs (pg_basebackup)
#   servers.sh restore-postgres DIR COPY  starts it with such a copy in place of its data; it must be stopped
#   servers.sh start-cluster|stop-cluster DIR    three nodes of RabbitMQ in DIR/1, DIR/2, DIR/3; the commands above take each of these, too
#   servers.sh cut-node|mend-node DIR            a node of a cluster loses the others, and finds them again
#   servers.sh start-standby DIR STANDBY         a second Postgres in STANDBY, which follows that of DIR
#   servers.sh promote-postgres DIR              makes a standby the primary
#   servers.sh rabbitmqctl|rabbitmq-queues DIR ARGUMENT …   RabbitMQ's own tools, pointed at this one
#   servers.sh run PROGRAM ARGUMENT …            a program that comes with the servers: psql, pg_dump
#
# ROUTER_POSTGRES_OPTIONS are further options of the Postgres that is started, such as '-c fsync=off'.
#
# They are the machine's own packages or, with ROUTER_SERVERS=debian13, those of Debian 13: RabbitMQ 4.0 and Postgres 17. `install` then
# makes a root file system with them, once, in ~/.cache/lead-router/debian13 (some minutes, 700 MB; delete it to have it made anew).
# That needs apt, root and the right to mount. Set the same ROUTER_SERVERS whenever you start what has its data in DIR.
set -euo pipefail

die() { printf '%s\n' "$*" >&2; exit 1; }

SERVERS=$(readlink -f "${BASH_SOURCE[0]}")
. "${SERVERS%/*}/notes.sh"
for part in ports processes debian13 packages postgres standby rabbitmq cluster roles; do . "${SERVERS%.sh}/$part.sh"; done
unset part

# Sourced by start.sh and stop.sh for the functions above; run by itself it is the command described at the top.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    command=${1:-}
    [ "$command" = install ] && { shift; install_missing "$@"; exit; }
    [ "$command" = installed ] && { [ -z "$(missing)" ]; exit; }
    [ -n "${2:-}" ] || die "Usage: servers.sh install | start DIR | stop DIR | start-postgres DIR | …"
    case $command in
        start* | roles | backup-postgres | restore-postgres | promote-postgres | rabbitmqctl | rabbitmq-queues | cut-node | mend-node | run)
            ! other_servers || in_servers_root "$@" ;;
    esac
    [ "$command" = run ] && { shift; exec "$@"; }
    make_private "$2"
    dir=$(cd "$2" && pwd)
    umask 077
    case $command in
        start) start_postgres "$dir"; start_rabbitmq "$dir" ;;
        stop) stop_rabbitmq "$dir"; stop_postgres "$dir" ;;
        start-postgres) start_postgres "$dir" ;;
        stop-postgres) stop_postgres "$dir" ;;
        backup-postgres) backup_postgres "$dir" "$3" ;;
        restore-postgres) restore_postgres "$dir" "$3" ;;
        start-rabbitmq) start_rabbitmq "$dir" ;;
        stop-rabbitmq) stop_rabbitmq "$dir" ;;
        kill-postgres) kill_postgres "$dir" ;;
        kill-rabbitmq) kill_rabbitmq "$dir" ;;
        freeze-postgres) freeze_postgres "$dir" ;;
        thaw-postgres) thaw_postgres "$dir" ;;
        freeze-rabbitmq) freeze_rabbitmq "$dir" ;;
        thaw-rabbitmq) thaw_rabbitmq "$dir" ;;
        start-cluster) start_cluster "$dir" ;;
        stop-cluster) stop_cluster "$dir" ;;
        cut-node) cut_node "$dir" ;;
        mend-node) mend_node "$dir" ;;
        start-standby) make_private "$3"; start_standby "$dir" "$(cd "$3" && pwd)" ;;
        roles) make_roles "$dir" ;;
        promote-postgres) promote_postgres "$dir" ;;
        rabbitmqctl) control_rabbitmq "$dir" "${@:3}" ;;
        rabbitmq-queues) RABBITMQCTL=${RABBITMQCTL%ctl}-queues control_rabbitmq "$dir" "${@:3}" ;;
        *) die "servers.sh knows no command '$command'." ;;
    esac
fi
