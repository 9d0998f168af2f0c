-- Who a site's leads are, so that its owners find them by name, address, number or id. Written a moment after the ledger, by a worker; what a lead does
-- on its way doesn't wait for it. Emptied with the contents of the day on which the lead came first, deleted with its rows or on request.
create table leads (
    first_at   timestamptz not null,            -- when the first event that is known of it was accepted
    last_at    timestamptz not null,
    site_id    uuid not null,
    lead_id    uuid not null,
    source     text not null,
    first_name text not null,                   -- '' where it isn't known
    last_name  text not null,
    email      text not null,
    phone      text not null,
    search     text not null generated always as (
        lower(first_name || ' ' || last_name || E'\n' || email) || E'\n' || regexp_replace(phone, '\D', '', 'g')) stored,
    primary key (site_id, lead_id)
);
-- A search reads this from its newest end, and nothing else, until it has found as many as it shows.
create index leads_newest on leads (site_id, first_at desc, lead_id desc) include (search);
-- For retention: whose names are still there, and which rows are old.
create index leads_named on leads (first_at) where search <> E' \n\n' or source <> '';
create index leads_first_at on leads using brin (first_at);
