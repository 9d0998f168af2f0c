#!/usr/bin/env bash
# Publishes API, worker, command line and demo receiver, lists what each is made of (CycloneDX), and builds their images with docker or podman.
#
#   deploy/images.sh [--tag TAG] [--no-build] [--publish-only]
#
#   --tag TAG        default latest: lead-router/api:TAG, lead-router/worker:TAG, lead-router/demo-receiver:TAG
#                    (the worker's has the command line, too)
#   --no-build       publish what was built last
#   --publish-only   no images: what they are made of is in artifacts/publish
#
# ENGINE is the program that builds: docker if its daemon answers, else podman. BASE is another base image.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
die() { printf '%s\n' "$*" >&2; exit 1; }

tag=latest publish=() images=1
while [ $# -gt 0 ]; do
    case $1 in
        --tag) tag=${2:-}; shift 2 || die "--tag wants a name." ;;
        --no-build) publish+=(--no-build); shift ;;
        --publish-only) images=; shift ;;
        -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit ;;
        *) die "images.sh knows no option '$1'; see --help." ;;
    esac
done
command -v dotnet >/dev/null || die "The .NET 10 SDK is missing: see https://dotnet.microsoft.com/download"

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
version=$(git describe --tags --always 2>/dev/null || echo 0)
created=$(git log -1 --format=%cI 2>/dev/null || date -u +%Y-%m-%dT%H:%M:%SZ)

# publish PROJECT NAME: one at a time in a checkout. The list of packages goes along, into the image as /app/sbom.cdx.json.
publish() {
    local project=$1 to=artifacts/publish/$2
    rm -rf "$to"
    dotnet publish "$project" -c Release --nologo -v quiet "${publish[@]}" -p:UseAppHost=false -p:RestoreLockedMode=true -o "$to" 8>&-
    dotnet tool run dotnet-CycloneDX -- "$(ls "$project"/*.csproj)" --disable-package-restore --exclude-dev --output-format Json \
        --set-name "lead-router-$2" --set-version "$version" -o "$to" -fn sbom.cdx.json >"artifacts/$2.sbom.log" 8>&- \
        || { cat "artifacts/$2.sbom.log" >&2; die "The list of packages of $2 could not be made."; }
    # For the user of the image, whoever published.
    chmod -R a+rX "$to"
}

mkdir -p artifacts
exec 8>deploy/.build.lock
flock 8
dotnet tool restore >artifacts/tools.log 8>&- || { cat artifacts/tools.log >&2; die "CycloneDX could not be restored."; }
publish src/Router.Api api
publish src/Router.Worker worker
publish src/Router.Cli cli
publish deploy/demo-receiver demo-receiver
[ -n "$images" ] || exit 0

if [ -z "${ENGINE:-}" ]; then
    if docker info >/dev/null 2>&1; then ENGINE=docker; else ENGINE=podman; fi
fi
command -v "$ENGINE" >/dev/null || die "It takes docker or podman to build the images; what they are made of is in artifacts/publish."
options=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "CREATED=$created" ${BASE:+--build-arg "BASE=$BASE"})
# Podman's own format has no health check, and its cache takes labels of an older build for the same.
[ "${ENGINE##*/}" != podman ] || options+=(--format docker --no-cache)
for image in api worker demo-receiver; do
    "$ENGINE" build -q -f deploy/Containerfile --target "$image" -t "lead-router/$image:$tag" "${options[@]}" artifacts/publish
done
