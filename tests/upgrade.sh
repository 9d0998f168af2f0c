#!/usr/bin/env bash
# Runs the hosts of the version before beside this one's: an upgrade without a stop.
#
#   tests/upgrade.sh          builds both versions and runs the tests of an upgrade
#   tests/upgrade.sh build    only builds the version before: the commit that deploy/previous-version names, once, into
#                             ~/.cache/lead-router/previous/COMMIT
#
# Where the history isn't there, as in a shallow clone, nothing is built, and the tests are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

commit=$(cat deploy/previous-version)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lead-router/previous

build_previous() (
    [ ! -d "$cache/$commit" ] || return 0
    git cat-file -e "$commit^{commit}" 2>/dev/null || { echo "The version before, $commit, isn't in this clone's history: no test of an upgrade."; return 0; }
    mkdir -p "$cache"
    exec 9>"$cache/$commit.lock"
    flock 9
    [ ! -d "$cache/$commit" ] || return 0
    echo "building the version before, $commit"
    source=$(mktemp -d)
    trap 'rm -rf "$source" "$cache/$commit.new"' EXIT
    git archive "$commit" | tar -x -C "$source"
    # Under its final name only once it is complete. Without nodes of msbuild, which would hold the lock after the end.
    for host in Router.Api Router.Worker; do
        dotnet publish "$source/src/$host" -c Release -o "$cache/$commit.new/$host" --nologo -v quiet -nodeReuse:false \
            -p:UseSharedCompilation=false -p:RunAnalyzers=false 9>&-
    done
    mv "$cache/$commit.new" "$cache/$commit"
)

build_previous
[ "${1:-}" != build ] || exit 0
exec dotnet test tests/Router.IntegrationTests -c Release --nologo --filter FullyQualifiedName~UpgradeTests
