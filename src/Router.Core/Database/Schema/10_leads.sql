-- Who a site's leads are, so that its owners find them by name, address, number or id. Written a moment after the ledger, by a worker; what a lead does
-- on its way doesn't wait for it. Emptied with the contents of the day on which the lead came first, deleted with its rows or on request.
create table leads (
    first_at   timestamptz not null,            -- when the first event that is known of it was accepted
    last_at    timestamptz not null,
    site_id    uuid not null,
    lead_id    uuid not null,    -- [data: search]
    source     text not null,    -- [data: search]
    first_name text not null,                   -- '' where it isn't known [data: search]
    last_name  text not null,    -- [data: search]
    email      text not null,    -- [data: search]
    phone      text not null,    -- [data: search]
    email_print  bigint,                        -- by what duplicates are recognized (below), as the lead came; null where it gave none [data: search]
    person_print bigint,    -- [data: search]
    search     text not null generated always as (    -- [data: search]
        lower(first_name || ' ' || last_name || E'\n' || email) || E'\n' || regexp_replace(phone, '\D', '', 'g')) stored,
    primary key (site_id, lead_id)
);
-- A search reads this from its newest end, and nothing else, until it has found as many as it shows. Who looks for duplicates reads 30 days of it: an
-- index for each print would cost every lead more than those that look are worth.
create index leads_newest on leads (site_id, first_at desc, lead_id desc) include (search, email_print, person_print);
-- For retention: whose names are still there, and which rows are old.
create index leads_named on leads (first_at) where search <> E' \n\n' or source <> '';
create index leads_first_at on leads using brin (first_at);

-- Whether a new lead is a duplicate, where a destination's filter asked for it before the lead was planned. Elsewhere nobody decides: whoever looks at a
-- lead looks for those before it, in leads. Both go by prints: keyed hashes of the normal forms of its e-mail address, and of its phone number and name,
-- each site with its own. Kept for 30 days.
create table lead_prints (
    accepted_at  timestamptz not null,
    site_id      uuid not null,
    lead_id      uuid not null,    -- [data: print]
    event_id     uuid not null,         -- with which it came
    email        bigint,                -- null where it gave none; of a SHA-256 the first eight bytes [data: print]
    person       bigint,                -- phone and name; null unless it gave both [data: print]
    duplicate_of uuid,                  -- the lead that has the same; null for none, and once that one is erased [data: print]
    is_duplicate boolean not null,      -- decided once, by whoever writes the row
    primary key (site_id, lead_id),
    constraint duplicate_is_marked check (duplicate_of is null or is_duplicate)
);
-- An event that comes twice may bring a lead's id of its own each time, where its sender gave none.
create unique index lead_prints_event on lead_prints (event_id);
create index lead_prints_email on lead_prints (site_id, email, accepted_at) where email is not null;
create index lead_prints_person on lead_prints (site_id, person, accepted_at) where person is not null;
create index lead_prints_duplicate_of on lead_prints (site_id, duplicate_of) where duplicate_of is not null;
create index lead_prints_accepted_at on lead_prints using brin (accepted_at);

-- The key of these hashes: one row, made by the first worker that needs it, encrypted by the hosts.
create table lead_print_key (
    only_one boolean primary key default true check (only_one),
    key      text not null    -- [data: secret]
);

-- Leads that were erased. What was accepted before that and isn't in the ledger yet (it waits in a queue, the outbox or a worker's hands) is dropped when
-- it comes. Ids alone, for as long as contents are kept.
create table erased_leads (
    erased_at timestamptz not null default now(),
    site_id   uuid not null,
    lead_id   uuid not null,    -- [data: erased]
    primary key (site_id, lead_id)
);
create index erased_leads_erased_at on erased_leads using brin (erased_at);
