#!/usr/bin/env bash
# Stands in for the entry point of the image rabbitmq: as far as deploy/ and the tests use it.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
    chown rabbitmq: /var/lib/rabbitmq
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups "$0" "$@"
fi
export HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- RUNNING_UNDER_SYSTEMD=true
exec /usr/lib/rabbitmq/bin/rabbitmq-server
