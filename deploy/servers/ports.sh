# shellcheck shell=bash
# Ports of 127.0.0.1. Sourced.

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port that nobody listens on, below the range from which the system takes ports for connections.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        listens "$port" || { echo "$port"; return; }
    done
}

# port FILE NAME: the port noted under NAME if it is still free, else a new one.
port() {
    local port
    port=$(noted "$1" "$2")
    if [ -z "$port" ] || listens "$port"; then port=$(free_port); fi
    setting "$1" "$2" "$port"
    echo "$port"
}
