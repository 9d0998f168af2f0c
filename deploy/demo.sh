#!/usr/bin/env bash
# The demo: a site, a product and two destinations at the demo receiver, and one lead.
#
#   deploy/demo.sh FILE    makes what isn't there yet, sends a lead and shows what arrived. Names and passwords are in FILE then.
#
# It wants ROUTER_URL, ROUTER_ADMIN_TOKEN, RECEIVER_URL, LEAD_MANAGER_SECRET and CUSTOM_API_SECRET, or of each a file: ROUTER_ADMIN_TOKEN__FILE.
# start.sh sources it for the functions.

# call METHOD PATH [BODY]: the management API; prints the answer. Token and body stay off the command line.
call() {
    printf '%s' "${3:-}" | curl -sS -m 10 -f -X "$1" "$ROUTER_URL$2" -H 'Content-Type: application/json' ${3:+--data-binary @-} \
        -K <(printf 'header = "Authorization: Bearer %s"' "$ROUTER_ADMIN_TOKEN")
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
demo_destinations() { call GET "/api/sites/$(noted "$1" DEMO_SITE)/destinations?limit=500" | sed 's/},{/}\n{/g'; }

# demo_site FILE: makes the site, unless FILE names one that is there.
demo_site() {
    local file=$1 site user password destination
    site=$(noted "$file" DEMO_SITE)
    if [ -n "$site" ] && call GET "/api/sites/$site" >/dev/null 2>&1; then
        move_receiver "$file"
    else
        site=$(cat /proc/sys/kernel/random/uuid)
        user=demo-website-$(random | head -c 6)
        call POST /api/sites "{\"id\":\"$site\",\"name\":\"Demo Realty\",\"domain\":\"www.demo-realty.test\",
            \"login_url_template\":\"https://www.demo-realty.test/login?lead={lead_id}\",
            \"lead_manager\":{\"url\":\"$RECEIVER_URL/lead_manager\",\"secret\":\"$LEAD_MANAGER_SECRET\",\"partner_id\":\"lead-manager-demo\"}}" >/dev/null
        password=$(call POST /api/products "{\"username\":\"$user\",\"display_name\":\"Demo Website\"}" | field password)
        call PUT "/api/products/$user/sites/$site" >/dev/null
        destination=$(call POST "/api/sites/$site/destinations" "{\"name\":\"Demo Custom API\",\"url\":\"$RECEIVER_URL/custom_api\",
            \"secret\":\"$CUSTOM_API_SECRET\",\"partner_id\":\"custom-api-demo\",\"active\":true}" | field id)
        setting "$file" DEMO_SITE "$site"
        setting "$file" DEMO_USER "$user"
        setting "$file" DEMO_PASSWORD "$password"
        setting "$file" DEMO_DESTINATION "$destination"
    fi
    setting "$file" RECEIVER_URL "$RECEIVER_URL"
}

# The receiver may have another address this time; a destination that was pointed elsewhere stays as it is.
move_receiver() {
    local file=$1 old line
    old=$(noted "$file" RECEIVER_URL)
    [ "$old" != "$RECEIVER_URL" ] || return 0
    demo_destinations "$file" | grep -F "\"url\":\"$old/" | while read -r line; do
        call PATCH "/api/sites/$(noted "$file" DEMO_SITE)/destinations/$(field id <<<"$line")" \
            "{\"url\":\"$RECEIVER_URL/$(field url <<<"$line" | sed 's,.*/,,')\"}" >/dev/null
    done || true
}

# Whether the site's destinations are still the demo's own: its lead goes to them only, and not even there once they are somebody's real ones.
demo_is_untouched() {
    local all
    all=$(set -o pipefail; demo_destinations "$1") || { echo "The router's management API does not answer any more." >&2; exit 1; }
    [ "$(grep -c -e "\"$RECEIVER_URL/lead_manager\"" -e "\"$RECEIVER_URL/custom_api\"" <<<"$all" || true)" -ge 2 ]
}

# demo_lead FILE: sends one and prints the requests that arrived, as the receiver shows them. Fails with 1 if the lead is refused, with 2 if it
# doesn't arrive, signed, at both destinations.
demo_lead() {
    local lead arrived i
    lead=$(cat /proc/sys/kernel/random/uuid)
    printf '%s' '{
        "id": "'"$lead"'", "source": "Website Property Search", "first_name": "Jack", "last_name": "Johnson", "email": "jack@mail.test",
        "phone": "808-817-2382", "role": "Buyer",
        "activities": [{"type": "visited", "source": "Website Property Search", "description": "First visit"}]}' \
        | curl -sS -m 10 -f -o /dev/null --data-binary @- "$ROUTER_URL/rest/sites/$(noted "$1" DEMO_SITE)/leads" -H 'Content-Type: application/json' \
            -H "X-ROUTER-DESTINATIONS: $(noted "$1" DEMO_DESTINATION)" \
            -K <(printf 'user = "%s:%s"' "$(noted "$1" DEMO_USER)" "$(noted "$1" DEMO_PASSWORD)") || return 1
    for ((i = 0; i < 600; i++)); do
        arrived=$(curl -sS -m 10 "$RECEIVER_URL/received/$lead")
        [ "$(grep -c '^signature verified' <<<"$arrived")" -lt 2 ] || { printf '%s\n' "$arrived"; return 0; }
        sleep 0.1
    done
    return 2
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    . "$(dirname "${BASH_SOURCE[0]}")/notes.sh"
    file=${1:?"Usage: demo.sh FILE"}
    for name in ROUTER_URL ROUTER_ADMIN_TOKEN RECEIVER_URL LEAD_MANAGER_SECRET CUSTOM_API_SECRET; do
        from=${name}__FILE
        [ -z "${!from:-}" ] || printf -v "$name" %s "$(cat "${!from}")"
        [ -n "${!name:-}" ] || { echo "demo.sh wants $name, or $from." >&2; exit 1; }
    done
    for ((i = 0; i < 600; i++)); do
        curl -sf -m 2 -o /dev/null "$ROUTER_URL/health/ready" && break
        sleep 0.2
    done
    demo_site "$file"
    demo_is_untouched "$file" || { echo "The demo site's destinations are no longer the demo's own: no sample lead is sent."; exit 0; }
    printf 'One POST to the incoming API became these two signed requests:\n\n'
    demo_lead "$file" || { echo "The demo's lead was refused, or did not arrive, signed, at both of the demo's destinations." >&2; exit 1; }
fi
