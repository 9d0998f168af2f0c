# shellcheck shell=bash
# Installs what is missing. Sourced.

missing() {
    local wanted
    if other_servers; then
        if lacks_servers_root; then
            command -v mmdebstrap >/dev/null || echo mmdebstrap
            # An older one doesn't know Debian 13's keys yet.
            compgen -G '/usr/share/keyrings/debian-archive-trixie-*' >/dev/null || echo debian-archive-keyring
        fi
    else
        [ -n "$(postgres_bin)" ] || echo postgresql
        [ -x "$RABBITMQ" ] || echo rabbitmq-server
    fi
    for wanted in curl openssl "$@"; do
        command -v "${wanted##*:}" >/dev/null || echo "${wanted%%:*}"
    done
}

install_missing() {
    install_packages "$@"
    ! lacks_servers_root || make_servers_root
}

install_packages() {
    local wanted
    local packages=() sudo=() policy=/usr/sbin/policy-rc.d log
    mapfile -t packages < <(missing "$@")
    [ ${#packages[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "Please install ${packages[*]}: this machine has no apt-get to do it with."
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || die "Please install what is missing: sudo apt-get install ${packages[*]}"
        sudo=(sudo -n)
    fi
    echo "installing ${packages[*]}"
    # Debian starts a freshly installed server, on its default port; we want only our own.
    log=$(mktemp)
    # In a subshell whose exit takes the policy away again, however it ends: left behind it would block every later package.
    (
        if [ ! -e "$policy" ]; then
            trap '"${sudo[@]}" rm -f "$policy"' EXIT
            trap 'exit 130' INT TERM
            printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null && "${sudo[@]}" chmod +x "$policy"
        fi
        "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
    ) >"$log" 2>&1 || die "Installing ${packages[*]} failed; see $log"
    rm -f "$log"
}
