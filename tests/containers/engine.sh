#!/usr/bin/env bash
# A container engine of the tests' own, with stand-ins for the images that deploy/ names: made of this machine's packages, for a machine that
# reaches no registry. Everything is in ~/.cache/lead-router/containers, or in ROUTER_TEST_CONTAINERS.
#
#   engine.sh setup               makes both ready; ends with 3 and a sentence where no engine can run
#   engine.sh run COMMAND …       runs podman, podman-compose or deploy/images.sh with it
#   engine.sh serve SOCKET        serves Docker's API there, until it is killed
#
# The packages are tests/run.sh's to install.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${ROUTER_TEST_CONTAINERS:-${XDG_CACHE_HOME:-$HOME/.cache}/lead-router/containers}

cannot() { echo "No container engine can run here: $*" >&2; exit 3; }

# More than an installed podman, for machines that are containers themselves: where no limit may be raised (CAP_SYS_RESOURCE), runc fails if
# it is to set one; crun refuses mixed cgroups; nobody runs systemd.
configure() {
    mkdir -p "$dir/bin"
    cat >"$dir/bin/runc" <<'RUNC'
#!/usr/bin/env bash
files=()
for ((i = 1; i <= $#; i++)); do
    next=$((i + 1))
    case ${!i} in
        --bundle | -b) files+=("${!next}/config.json") ;;
        --bundle=*) files+=("${!i#*=}/config.json") ;;
        --process | -p) files+=("${!next}") ;;
        --process=*) files+=("${!i#*=}") ;;
    esac
done
for file in "${files[@]}"; do
    python3 - "$file" <<'PYTHON'
import json, sys
what = json.load(open(sys.argv[1]))
what.get("process", what).pop("rlimits", None)
json.dump(what, open(sys.argv[1], "w"))
PYTHON
done
exec /usr/sbin/runc "$@"
RUNC
    chmod +x "$dir/bin/runc"
    cat >"$dir/containers.conf" <<CONF
[containers]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["/usr/lib/podman"]
runtime = "runc"
[engine.runtimes]
runc = ["$dir/bin/runc"]
[network]
network_backend = "netavark"
network_config_dir = "$dir/networks"
CONF
    printf 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n' >"$dir/registries.conf"
    printf '[storage]\ndriver = "%s"\nrunroot = "%s/run"\ngraphroot = "%s/images"\n' "$1" "$dir" "$dir" >"$dir/storage.conf"
}

use() {
    export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf CONTAINERS_REGISTRIES_CONF=$dir/registries.conf
    unset DOCKER_HOST CONTAINER_HOST
}

start() {
    local command
    for command in podman podman-compose /usr/sbin/runc /usr/lib/podman/netavark /usr/lib/podman/aardvark-dns iptables; do
        command -v "$command" >/dev/null || cannot "$command is not installed."
    done
    [ "$(id -u)" = 0 ] || cannot "it takes root."
    use
    # With the storage that works here, which podman doesn't let one change afterwards.
    configure "$(cat "$dir/storage" 2>/dev/null || echo overlay)"
    if [ ! -e "$dir/storage" ]; then
        podman info >"$dir/info.log" 2>&1 && echo overlay >"$dir/storage" || { rm -rf "$dir/images"; configure vfs; echo vfs >"$dir/storage"; }
    fi
    podman info >"$dir/info.log" 2>&1 || cannot "podman info failed: $(tail -n 1 "$dir/info.log")"
}

# The files of packages and of all that they need, as a tar on standard output.
files_of() {
    apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" 2>/dev/null \
        | grep '^[a-z0-9]' | sort -u | { xargs dpkg -L 2>/dev/null || true; } \
        | grep -E '^/' | grep -vE '^/usr/share/(doc|man|locale|info|lintian)/|LLVM|llvmjit|^/\.$' | sort -u \
        | while read -r file; do [ -d "$file" ] && [ ! -L "$file" ] || printf '%s\n' "$file"; done >"$dir/files"
    tar -C / -cf - --ignore-failed-read -T "$dir/files" 2>/dev/null || [ $? = 1 ]
}

# What isn't in any package: users, links, and empty directories.
skeleton() {
    mkdir -p "$1"/{etc,tmp,run,proc,sys,dev,root,home,var/lib,var/log,usr/{bin,sbin,lib,lib64},usr/share/zoneinfo,usr/local/bin}
    chmod 1777 "$1/tmp"
    for link in bin sbin lib lib64; do ln -sf "usr/$link" "$1/$link"; done
    printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1654:1654::/home/app:/bin/false\nepmd:x:997:997::/run:/bin/false\npostgres:x:999:999::/var/lib/postgresql:/bin/bash\nrabbitmq:x:998:998::/var/lib/rabbitmq:/bin/bash\nnobody:x:65534:65534::/nonexistent:/bin/false\n' >"$1/etc/passwd"
    printf 'root:x:0:\napp:x:1654:\nepmd:x:997:\npostgres:x:999:\nrabbitmq:x:998:\nnogroup:x:65534:\n' >"$1/etc/group"
}

# The runtime, and what it needs of Debian: no shell, no other program, as in Ubuntu's chiseled images.
dotnet_image() {
    local root=$dir/root dotnet
    dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
    rm -rf "$root"
    skeleton "$root"
    files_of libc6 libgcc-s1 libstdc++6 zlib1g libssl3 ca-certificates tzdata \
        | tar -C "$root" -xf - --exclude='usr/bin/*' --exclude='usr/sbin/*' --exclude='usr/share/perl*' --exclude='usr/lib/*/perl*'
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
    find "$root/usr/bin" "$root/usr/sbin" -mindepth 1 -delete
    mkdir -p "$root/usr/share/dotnet"
    cp -a "$dotnet/dotnet" "$dotnet/host" "$dotnet/shared" "$root/usr/share/dotnet/"
    ln -s /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
    tar -C "$root" -cf - . | podman import -q --change 'USER 1654' --change 'ENV APP_UID=1654 ASPNETCORE_HTTP_PORTS=8080 DOTNET_RUNNING_IN_CONTAINER=true' \
        - mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra >/dev/null
    rm -rf "$root"
}

# Debian with the servers; an image for each name, which differ in their entry points only.
server_images() {
    local root=$dir/root name
    rm -rf "$root"
    skeleton "$root"
    files_of bash coreutils grep sed mawk findutils util-linux procps ca-certificates curl openssl postgresql rabbitmq-server prometheus python3-minimal libpython3-stdlib \
        | tar -C "$root" -xf -
    ln -sf bash "$root/usr/bin/sh"
    ln -sf mawk "$root/usr/bin/awk"
    # Debian's own one is a Perl program that looks for the newest of these.
    for name in "$root"/usr/lib/postgresql/*/bin/pg_isready; do ln -s "${name#"$root"}" "$root/usr/local/bin/"; done
    cp "$here"/stand-ins/* "$root/usr/local/bin/"
    chmod 755 "$root"/usr/local/bin/*.*
    install -d -o 999 -g 999 "$root/var/lib/postgresql/data"
    install -d -o 998 -g 998 "$root"/var/lib/rabbitmq "$root"/var/log/rabbitmq "$root/etc/rabbitmq/conf.d"
    install -d -o 65534 -g 65534 "$root/prometheus"
    tar -C "$root" -cf - . | podman import -q - localhost/servers >/dev/null
    rm -rf "$root"
    while read -r name entry; do
        printf 'FROM localhost/servers\n%b\n' "$entry" | podman build -q --pull=never -t "$name" -f - "$here" >/dev/null
    done <<'IMAGES'
docker.io/library/postgres:17 ENTRYPOINT ["postgres.sh"]
docker.io/library/rabbitmq:4-management ENTRYPOINT ["rabbitmq.sh"]
docker.io/prom/prometheus:v3.5.0 USER 65534\nWORKDIR /prometheus\nENTRYPOINT ["prometheus"]\nCMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
docker.io/axllent/mailpit:v1.21 ENTRYPOINT ["python3", "/usr/local/bin/mail.py"]
docker.io/library/buildpack-deps:bookworm-curl CMD ["bash"]
IMAGES
}

setup() {
    mkdir -p "$dir"
    exec 9>"$dir/lock"
    flock 9
    start 9>&-
    # Made anew when this script, or what the images are made of, has changed.
    local made
    made=$({ cat "${BASH_SOURCE[0]}" "$here"/stand-ins/*; dpkg-query -W postgresql rabbitmq-server prometheus libc6 libssl3; dotnet --version; } | sha256sum)
    [ "$(cat "$dir/made" 2>/dev/null)" != "$made" ] || return 0
    dotnet_image 9>&-
    server_images 9>&-
    podman run --rm --network=none docker.io/library/buildpack-deps:bookworm-curl true >"$dir/first-run.log" 2>&1 9>&- \
        || cannot "a container could not be run: $(tail -n 1 "$dir/first-run.log")"
    podman image prune -f >/dev/null 2>&1 9>&-
    printf '%s' "$made" >"$dir/made"
}

case ${1:-} in
    setup) setup ;;
    run) shift; use; exec "$@" ;;
    serve) use; exec podman system service --time=0 "unix://$2" ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 1 ;;
esac
