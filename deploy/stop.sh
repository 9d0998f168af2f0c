#!/usr/bin/env bash
# Stops what deploy/start.sh started, by process id, and keeps the data.
#
#   deploy/stop.sh [--dir DIR] [--remove]
#
#   --dir DIR    default .run beside this folder
#   --remove     delete the data, the logs and DIR too
set -euo pipefail

# In the order of the corridor: take nothing new, finish what is in flight, then the servers.
stop_all() {
    end "$(noted "$1/env" API_PID)" Router.Api TERM 30
    end "$(noted "$1/env" WORKER_PID)" Router.Worker TERM 80
    end "$(noted "$1/env" RECEIVER_PID)" DemoReceiver TERM 10
    stop_rabbitmq "$1"
    stop_postgres "$1"
}

if [ "${1:-}" != --functions ]; then
    repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    . "$repo/deploy/servers.sh"
    dir=$repo/.run remove=
    while [ $# -gt 0 ]; do
        case $1 in
            --dir) dir=${2:-}; shift 2 || die "--dir wants a directory." ;;
            --remove) remove=1; shift ;;
            -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit ;;
            *) die "stop.sh knows no option '$1'; see --help." ;;
        esac
    done
    [ -e "$dir/lock" ] || die "Nothing was ever started in $dir."
    dir=$(cd "$dir" && pwd)
    stop_all "$dir"
    if [ -n "$remove" ]; then rm -rf "$(postgres_data "$dir")" "$dir"; fi
fi
