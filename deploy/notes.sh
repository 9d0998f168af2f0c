# shellcheck shell=bash
# NAME=VALUE lines in files that only their owner can read, and random secrets for them. Sourced.

random() { head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# setting FILE NAME VALUE: writes NAME=VALUE into FILE in place of an older one. Behind a lock: both servers may be started at once.
setting() (
    file=$1 name=$2 value=$3
    umask 077
    exec 9>"$file.lock"
    flock 9
    rest=$(grep -v "^$name=" "$file" 2>/dev/null || true)
    { [ -z "$rest" ] || printf '%s\n' "$rest"; printf '%s=%s\n' "$name" "$value"; } >"$file.new"
    mv "$file.new" "$file"
)

# noted FILE NAME: the value, or nothing.
noted() { sed -n "s/^$2=//p" "$1" 2>/dev/null || true; }

# secret FILE NAME: the one noted, or a new one.
secret() {
    local secret
    secret=$(noted "$1" "$2")
    [ -n "$secret" ] || { secret=$(random); setting "$1" "$2" "$secret"; }
    echo "$secret"
}
