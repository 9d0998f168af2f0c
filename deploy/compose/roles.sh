#!/usr/bin/env bash
# Runs once, when Postgres makes its data: the router's two roles. One owns the tables, and the hosts have the other one, which may use them.
# The passwords are those of the secrets, and go in by standard input: others can see a command line.
set -euo pipefail
password() { sed 's,^.*://[^:]*:,,; s,@.*,,' "/run/secrets/$1"; }
psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
set log_statement = 'none';
create role router_owner login password '$(password Database__OwnerConnectionString)';
create role router_hosts login password '$(password Database__ConnectionString)';
alter database $POSTGRES_DB owner to router_owner;
SQL
