# shellcheck shell=bash disable=SC2154
# Builds the hosts and the demo receiver, and copies them to where they run. Sourced by start.sh.

# Only one build at a time in a checkout; each run has a copy of its own, so that a build never changes what runs.
build_and_copy() (
    : >"$dir/logs/build.log"
    umask 022
    flock 8
    [ -z "$build" ] || dotnet build "$repo/deploy/demo.slnf" -c Release --nologo -v quiet -clp:ErrorsOnly >"$dir/logs/build.log" 2>&1 8>&- 9>&- \
        || { printf '\n'; tail -n 5 "$dir/logs/build.log" >&2; die "The build failed; see $at/logs/build.log"; }
    [ -e "$repo/deploy/demo-receiver/bin/Release/net10.0" ] || die "Nothing was built yet: leave --no-build out."
    rm -rf "$dir/app" && mkdir -p "$dir/app"
    cp -r "$repo/src/Router.Api/bin/Release/net10.0" "$dir/app/api"
    cp -r "$repo/src/Router.Worker/bin/Release/net10.0" "$dir/app/worker"
    cp -r "$repo/deploy/demo-receiver/bin/Release/net10.0" "$dir/app/receiver"
) 8>"$repo/deploy/.build.lock"
