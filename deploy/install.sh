#!/usr/bin/env bash
# Installs the router on a Debian server with systemd, or brings it up to date there: API and worker as two services, and the command line, router.
# Run it as often as you like.
#
#   deploy/install.sh [--published] [--with-servers] [--root DIR]
#
#   --published      install what is in artifacts/publish; otherwise it is built first, which takes the .NET SDK
#   --with-servers   also install Postgres and RabbitMQ on this machine, for this machine only, and give the router its place in them
#   --root DIR       only lay the files out below DIR, for a package or an image: no service is touched
#
# Programs are in /opt/lead-router, settings in /etc/lead-router/router.env, secrets in /etc/lead-router/secrets, a file each. The command line is
# /usr/local/bin/router, which sudo finds too.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$repo/deploy/notes.sh"
. "$repo/deploy/certificate.sh"
. "$repo/deploy/install/servers.sh"
die() { printf '%s\n' "$*" >&2; exit 1; }

published='' servers='' root=
while [ $# -gt 0 ]; do
    case $1 in
        --published) published=1; shift ;;
        --with-servers) servers=1; shift ;;
        --root) root=${2:-}; shift 2 || die "--root wants a directory." ;;
        -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit ;;
        *) die "install.sh knows no option '$1'; see --help." ;;
    esac
done
[ -z "$root" ] || [ -z "$servers" ] || die "--with-servers and --root don't go together."
if [ -z "$root" ]; then
    [ "$(id -u)" = 0 ] || die "install.sh wants to be root."
    command -v systemctl >/dev/null || die "This machine has no systemd."
    for one in curl openssl; do command -v "$one" >/dev/null || die "Please install $one: apt-get install $one"; done
    # Where the units look for it: a systemd service doesn't know your PATH.
    [ -n "$(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin command -v dotnet)" ] \
        || die "The .NET 10 runtime (ASP.NET Core) must be at /usr/bin/dotnet: see https://learn.microsoft.com/dotnet/core/install/linux-debian"
    dotnet --list-runtimes | grep -q '^Microsoft\.AspNetCore\.App 10\.' || die "The .NET 10 runtime lacks ASP.NET Core: install aspnetcore-runtime-10.0."
fi
[ -n "$published" ] || "$repo/deploy/images.sh" --publish-only
for program in api worker cli; do [ -d "$repo/artifacts/publish/$program" ] || die "Nothing was published yet: leave --published out."; done

etc=$root/etc/lead-router
secrets=$etc/secrets
install -d -m 755 "$root/opt/lead-router" "$root/usr/local/bin" "$etc" "$root/etc/systemd/system"
install -d -m 700 "$secrets"

# secret_file NAME VALUE: only its owner reads it; one that is there stays as it is.
secret_file() {
    [ -s "$secrets/$1" ] || (umask 077; printf '%s\n' "$2" >"$secrets/$1.new"; mv "$secrets/$1.new" "$secrets/$1")
    chmod 600 "$secrets/$1"
}
secret_file Admin__Password "$(random)"
make_certificate "$secrets/router.pem"
chmod 600 "$secrets/router.pem"
[ -e "$etc/router.env" ] || install -m 644 "$repo/deploy/install/router.env" "$etc/router.env"
if [ -n "$servers" ]; then
    install_servers
    give_router_its_place
fi

# The workers first and the API last, as an upgrade wants it: docs/operators.md.
running=
if [ -z "$root" ]; then
    for host in worker api; do
        ! systemctl is-active -q "lead-router-$host" || { running=1; systemctl stop "lead-router-$host"; }
    done
fi
for program in api worker cli; do
    to=$root/opt/lead-router/$program
    rm -rf "$to.new"
    cp -r --no-preserve=ownership "$repo/artifacts/publish/$program" "$to.new"
    chmod -R u=rwX,go=rX "$to.new"
    rm -rf "$to"
    mv "$to.new" "$to"
done
for unit in api worker schema; do install -m 644 "$repo/deploy/systemd/lead-router-$unit.service" "$root/etc/systemd/system/"; done
command=$root/usr/local/bin/router
# Not over a program of that name that isn't ours.
if [ ! -e "$command" ] || grep -qs /opt/lead-router "$command"; then install -m 755 "$repo/deploy/install/router" "$command"; else
    echo "$command is another program and stays: call the router's command line as dotnet /opt/lead-router/cli/router.dll."
fi

at=${root:+ below $root}
printf 'Installed%s: /opt/lead-router, /etc/lead-router, /usr/local/bin/router, and the units lead-router-api and lead-router-worker.\n' "$at"
missing=()
for name in Database__ConnectionString RabbitMq__Uri; do [ -s "$secrets/$name" ] || missing+=("$name"); done
[ -n "$root" ] || systemctl daemon-reload
if [ ${#missing[@]} -gt 0 ]; then
    cat <<TEXT

Next: say where Postgres and RabbitMQ are (docs/configuration.md), a file for each:
TEXT
    for name in "${missing[@]}"; do echo "  install -m 600 /dev/stdin /etc/lead-router/secrets/$name    # then the value, Enter, and Ctrl-D"; done
    echo "Then run install.sh once more: it starts the services."
elif [ -z "$root" ]; then
    systemctl enable -q lead-router-api lead-router-worker
    # As the owner of the tables, where that is another role than the hosts'.
    systemctl start lead-router-schema || die "The schema could not be brought up to date: journalctl -u lead-router-schema says why."
    systemctl start lead-router-api lead-router-worker
    if [ -n "$running" ]; then echo "The router was stopped and started again."; else
        cat <<TEXT

It runs on http://127.0.0.1:8080. Next:
  curl http://127.0.0.1:8080/health/ready              says what it can't do, if anything; of the worker at port 8081
  sudo router doctor                                   checks settings, certificates, Postgres and RabbitMQ: docs/cli.md
  journalctl -u lead-router-api -u lead-router-worker  its log
  sign in as operator@localhost (Admin__Email in router.env), with the password in /etc/lead-router/secrets/Admin__Password; then change it
  put a proxy with TLS in front of port 8080, and mail into /etc/lead-router/router.env: docs/operators.md
  keep a copy of /etc/lead-router/secrets/router.pem apart from the database's backups
TEXT
    fi
fi
