# shellcheck shell=bash
# The certificate of Secrets:CertificatePath. Sourced.

# make_certificate FILE: unless it is there. It encrypts the keys in Postgres that encrypt the destinations' secrets: a dump of the database
# alone gives nothing away.
make_certificate() (
    [ ! -s "$1" ] || exit 0
    umask 077
    if ! openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=lead-router -keyout "$1.key" -out "$1.crt" 2>"$1.log"; then
        tail -n 1 "$1.log" >&2
        die "The certificate $1 could not be made."
    fi
    cat "$1.crt" "$1.key" >"$1.new"
    mv "$1.new" "$1"
    rm "$1.crt" "$1.key" "$1.log"
)
