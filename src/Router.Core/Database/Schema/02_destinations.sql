-- Where a site's leads go: its Lead Manager, integrations of the catalogue, and custom APIs.

-- A name as it looks to a reader: without case, blanks and what can't be seen (soft hyphens, joiners, marks of direction, variation selectors),
-- with wide and composed letters as plain ones.
create function folded_name(name text) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(
        lower(normalize(name, NFKC)),
        '[[:space:]\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180E\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\U000E0000-\U000E0FFF]',
        '', 'g')
$$;

-- The catalogue: integrations made by third parties, to which sites connect.
create table integrations (
    id                    uuid primary key,
    name                  text not null check (name <> ''),    -- [data: none]
    description           text not null check (description <> ''),    -- [data: none]
    url                   text not null check (url ~* '^https?://[^[:space:]]+$'),    -- [data: none]
    secret                text not null check (secret <> ''),          -- encrypted by the hosts [data: secret]
    previous_secret       text,                                        -- still signs until previous_secret_until [data: secret]
    previous_secret_until timestamptz,
    signature             text not null default 'lead_router' check (signature in ('lead_router', 'standard_webhooks', 'both')),    -- [data: none]
    partner_id_label      text default 'Partner ID' check (partner_id_label <> ''),            -- what the site's owner is asked for; null: not asked [data: none]
    partner_id_help       text not null default '',    -- [data: none]
    key_label             text check (key_label <> ''),                -- the secret that the site's owner pastes, in the maker's words; null: none [data: none]
    key_help              text not null default '',                    -- where the owner finds it [data: none]
    key_header            text check (key_header <> ''),               -- where it goes [data: none]
    key_scheme            text check (key_scheme in ('plain', 'bearer', 'basic')),   -- how: as it is, as a Bearer token, or as the username of Basic [data: none]
    header_names          text[] not null default '{}',                -- what each request to it carries, for all sites: the maker's key for us [data: none]
    header_values         text,                                        -- as many values, encrypted by the hosts [data: secret]
    mapping               jsonb,                                       -- how our events become its requests; null: our own format [data: none]
    answer_rules          jsonb,                                       -- what its answers mean; null: the usual [data: none]
    published             boolean not null default false,              -- only published ones can be connected to
    created_at            timestamptz not null default now(),
    constraint previous_secret_ends check ((previous_secret is null) = (previous_secret_until is null)),
    constraint headers_have_values check ((header_names = '{}') = (header_values is null)),
    constraint key_goes_somewhere check (num_nulls(key_label, key_header, key_scheme) in (0, 3)),
    constraint integrations_name_is_its_own check (folded_name(name) not in ('', 'leadmanager'))
);

-- Deleted destinations stay as rows: the history of their deliveries keeps a name to show.
create table destinations (
    id                    uuid primary key,
    site_id               uuid not null references sites (id),
    kind                  text not null check (kind in ('lead_manager', 'registered', 'custom')),    -- [data: none]
    name                  text not null check (name <> ''),    -- [data: none]
    url                   text not null check (url ~* '^https?://[^[:space:]]+$'),    -- [data: none]
    secret                text not null check (secret <> ''),          -- encrypted by the hosts [data: secret]
    previous_secret       text check (previous_secret <> ''),          -- still signs until previous_secret_until [data: secret]
    previous_secret_until timestamptz,
    signature             text not null default 'lead_router' check (signature in ('lead_router', 'standard_webhooks', 'both')),    -- [data: none]
    partner_id            text not null default '',    -- [data: none]
    header_names          text[] not null default '{}',                -- what each request carries besides ours: an API key and the like [data: none]
    header_values         text,                                        -- as many values, encrypted by the hosts [data: secret]
    oauth_token_url       text check (oauth_token_url ~* '^https?://[^[:space:]]+$'),      -- where its requests' access tokens are asked for [data: none]
    oauth_client_id       text check (oauth_client_id <> ''),    -- [data: none]
    oauth_client_secret   text check (oauth_client_secret <> ''),      -- encrypted by the hosts [data: secret]
    oauth_scope           text check (oauth_scope <> ''),    -- [data: none]
    oauth_audience        text check (oauth_audience <> ''),    -- [data: none]
    oauth_client_auth     text check (oauth_client_auth in ('client_secret_basic', 'client_secret_post')),    -- [data: none]
    client_certificate    text check (client_certificate <> ''),       -- with those above it and its key, encrypted by the hosts; what follows may be shown [data: secret]
    certificate_subject   text,    -- [data: none]
    certificate_issuer    text,    -- [data: none]
    certificate_expires_at timestamptz,
    certificate_sha256    text,    -- [data: none]
    integration_id        uuid references integrations (id),           -- whose URL, secrets and signature it follows
    max_in_flight         int check (max_in_flight between 1 and 10000),   -- requests at a time, from each worker; null for the default
    max_per_second        double precision check (max_per_second between 0.1 and 1000),     -- requests, over all workers together; null for no limit
    retry_schedule        int[] check (array_position(retry_schedule, null) is null and cardinality(retry_schedule) between 1 and 20
                                       and 1 <= all (retry_schedule) and 172800 >= all (retry_schedule)),   -- seconds before each retry; null for the default
    timeout               int check (timeout between 1 and 60),            -- seconds for a whole request; null for the default
    time_to_live          int check (time_to_live between 60 and 1209600), -- seconds after which a lead that hasn't arrived is given up; null for never
    quiet_hours           jsonb,                                       -- when nothing is sent; null for never [data: none]
    actions               text[] check (actions <> '{}' and actions <@ array['created', 'updated', 'activity_added', 'user_updated']),  -- what it gets; null for all [data: none]
    filter                jsonb,                                       -- which new leads it gets, and all that follows them; null for all [data: none]
    mapping               jsonb,                                       -- how our events become its requests; null: our own format, or its integration's mapping [data: none]
    answer_rules          jsonb,                                       -- what its answers mean; null: the usual, or what its integration says [data: none]
    keep_order            boolean not null default true,               -- an event of a lead waits until the earlier ones have arrived
    active                boolean not null default true,
    inactive_reason       text,                                        -- why the router switched it off; null where a person did [data: none]
    paused_at             timestamptz,                                 -- deliveries are held meanwhile
    paused_by             text check (paused_by in ('owner', 'router')),    -- [data: none]
    pause_reason          text,    -- [data: none]
    settings_changed_at   timestamptz not null default now(),          -- what is sent, and what the answers mean
    proven_at             timestamptz,                                 -- passed the go-live check with these settings
    created_at            timestamptz not null default now(),
    deleted_at            timestamptz,
    constraint lead_manager_stays_active check (kind <> 'lead_manager' or (active and deleted_at is null)),
    constraint lead_manager_gets_everything check (
        kind <> 'lead_manager' or actions is null and filter is null and mapping is null and answer_rules is null
                                  and time_to_live is null and quiet_hours is null),
    constraint registered_follows_its_integration check (kind <> 'registered' or mapping is null and answer_rules is null),
    constraint deleted_is_inactive check (deleted_at is null or not active),
    constraint previous_secret_ends check ((previous_secret is null) = (previous_secret_until is null)),
    constraint headers_have_values check ((header_names = '{}') = (header_values is null)),
    constraint oauth_is_whole check (
        num_nulls(oauth_token_url, oauth_client_id, oauth_client_secret, oauth_client_auth) = case when oauth_token_url is null then 4 else 0 end
        and (oauth_token_url is not null or oauth_scope is null and oauth_audience is null)),
    constraint certificate_is_whole check (
        num_nulls(client_certificate, certificate_subject, certificate_issuer, certificate_expires_at, certificate_sha256) in (0, 5)),
    constraint registered_has_an_integration check ((kind = 'registered') = (integration_id is not null)),
    constraint paused_by_somebody check ((paused_at is null) = (paused_by is null)),
    constraint paused_is_active check (paused_at is null or active),
    -- Whatever a site's Lead Manager is called, nothing else passes for one.
    constraint destinations_name_is_its_own check (
        deleted_at is not null or folded_name(name) <> '' and (kind = 'lead_manager' or folded_name(name) <> 'leadmanager'))
);
create unique index destinations_one_lead_manager on destinations (site_id) where kind = 'lead_manager';
create unique index destinations_integration_once on destinations (site_id, integration_id) where deleted_at is null;
create unique index destinations_name_once on destinations (site_id, folded_name(name)) where deleted_at is null;
create index destinations_site on destinations (site_id, created_at, id) where deleted_at is null;
create index destinations_of_site on destinations (site_id);           -- deleted ones too: their deliveries are still listed
create index destinations_integration on destinations (integration_id) where integration_id is not null;
create index destinations_certificate on destinations (certificate_expires_at) where certificate_expires_at is not null;
create index destinations_paused on destinations (id) where paused_at is not null;
create index destinations_paced on destinations (id) where max_per_second is not null;
create index destinations_mortal on destinations (id) where time_to_live is not null;
create index destinations_quiet on destinations (id) where quiet_hours is not null;

-- Destinations in trouble only: how many failures in a row, and since when. Deleted by the first success. Like the ledger it has no foreign key.
create table destination_failures (
    destination_id uuid primary key,
    failures       int not null check (failures > 0),
    since          timestamptz not null,
    probe_event_id uuid,                    -- the held delivery that tries whether a paused destination is well again
    probe_at       timestamptz,             -- when the next one may
    probe_interval interval
);

-- Destinations that are well again and still have held deliveries: how many are let go at once, doubled each time.
create table destination_drains (
    destination_id uuid primary key,
    batch          int not null default 1 check (batch > 0)
);

-- When the next request to a destination with a limit of its own may begin: one row for each, for all workers together. Unlogged, for each request
-- changes it: after a crash of Postgres it begins anew.
create unlogged table destination_paces (
    destination_id uuid primary key,
    next_at        timestamptz not null,    -- later than now by the turns that fresh leads have taken in advance
    backlog_at     timestamptz not null     -- from then on one of the backlog has its turn, however many fresh leads there are
) with (fillfactor = 50);

-- How many turns there are from the first one on, that included.
create function turns_before(first timestamptz, until timestamptz, every interval) returns int language sql immutable as $$
    select greatest(0, 1 + floor(extract(epoch from until - first) / extract(epoch from every)))::int
$$;

-- Turns for requests to a destination, one after the other. What nobody has used within the last second may still be used. Fresh leads may take turns
-- in advance; the backlog takes what is there by now, or soon, so that it never stands before a fresh lead; and one of ten in any case.
create function take_turns(
    destination uuid, every interval, ahead interval, fresh int, backlog int,
    out starts_in interval, out fresh_taken int, out backlog_taken int) language plpgsql as $$
declare
    pace  destination_paces;
    at    timestamptz;
    start timestamptz;
begin
    select * into pace from destination_paces where destination_id = destination for update;
    if not found then
        insert into destination_paces values (destination, clock_timestamp(), clock_timestamp()) on conflict do nothing;
        select * into pace from destination_paces where destination_id = destination for update;
    end if;

    at := clock_timestamp();
    -- Not further away than now, where its owner has allowed more since.
    start := least(greatest(pace.next_at, at - interval '1 second'), at + ahead + every);
    fresh_taken := least(fresh, turns_before(start, at + ahead, every));
    backlog_taken := least(backlog, turns_before(start + fresh_taken * every, at + interval '250 milliseconds', every));
    if backlog > 0 and backlog_taken = 0 and pace.backlog_at <= at then
        backlog_taken := 1;
    end if;

    starts_in := start - at;
    update destination_paces
    set next_at = start + (fresh_taken + backlog_taken) * every,
        backlog_at = case when backlog_taken > 0 then at + 10 * every else pace.backlog_at end
    where destination_id = destination;
end $$;

-- Triggers on destinations. Postgres fires those of one kind by name; where the order matters it says so.

-- A Lead Manager can neither be deleted nor become something else, and no site exists without one, whoever asks.
create function refuse_losing_lead_manager() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        raise exception 'destinations cannot be truncated: every site keeps its Lead Manager' using errcode = 'check_violation';
    end if;
    if tg_op = 'DELETE' or new.kind <> 'lead_manager' or new.site_id <> old.site_id then
        raise exception 'the Lead Manager of site % cannot be deleted or replaced', old.site_id using errcode = 'check_violation';
    end if;
    return new;
end $$;

create trigger lead_manager_stays before update or delete on destinations
    for each row when (old.kind = 'lead_manager') execute function refuse_losing_lead_manager();
create trigger lead_manager_stays_on_truncate before truncate on destinations
    for each statement execute function refuse_losing_lead_manager();

create function require_lead_manager() returns trigger language plpgsql as $$
begin
    if exists (select from sites where id = new.id)
       and not exists (select from destinations where site_id = new.id and kind = 'lead_manager') then
        raise exception 'site % has no Lead Manager', new.id using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- Deferred, so that a site and its Lead Manager can be inserted one after the other in one transaction.
create constraint trigger site_has_lead_manager after insert or update on sites
    deferrable initially deferred for each row execute function require_lead_manager();

-- How a destination is spoken to, besides its URL and Partner ID: what changes there changes what its receiver sees, or what it means.
create function sign_in(destination destinations) returns text[] language sql immutable as $$
    select array[
        destination.secret, destination.signature, destination.header_values,
        destination.oauth_token_url, destination.oauth_client_id, destination.oauth_client_secret, destination.oauth_scope,
        destination.oauth_audience, destination.oauth_client_auth, destination.client_certificate,
        destination.mapping::text, destination.answer_rules::text]
$$;

-- Before an update, in this order: a pause ends with switching off; proof ends with other settings; the reason for being off ends with
-- switching on; and switching on needs proof, where the site wants it (after proof has been forgotten).
create function end_pause() returns trigger language plpgsql as $$
begin
    new.paused_at := null;
    new.paused_by := null;
    new.pause_reason := null;
    return new;
end $$;

create trigger destinations_1_end_pause before update on destinations
    for each row when (not new.active and new.paused_at is not null) execute function end_pause();

create function forget_proof() returns trigger language plpgsql as $$
begin
    -- The same secrets with another key: KeyRotation.cs.
    if current_setting('router.reencrypts', true) = 'on' then
        return new;
    end if;
    if (old.url, sign_in(old)) is distinct from (new.url, sign_in(new)) then
        new.proven_at := null;
    end if;
    new.settings_changed_at := now();
    return new;
end $$;

create trigger destinations_2_forget_proof before update on destinations
    for each row when ((old.url, old.partner_id, sign_in(old)) is distinct from (new.url, new.partner_id, sign_in(new)))
    execute function forget_proof();

create function forget_inactive_reason() returns trigger language plpgsql as $$
begin
    new.inactive_reason := null;
    return new;
end $$;

create trigger destinations_3_forget_inactive_reason before update on destinations
    for each row when (new.active and new.inactive_reason is not null) execute function forget_inactive_reason();

create function require_proof() returns trigger language plpgsql as $$
begin
    if exists (select from sites where id = new.site_id and require_proven) then
        raise exception 'destination % has not passed the go-live check that its site requires', new.id
            using errcode = 'check_violation', constraint = 'active_is_proven';
    end if;
    return new;
end $$;

create trigger destinations_require_proof before insert on destinations
    for each row when (new.active and new.kind <> 'lead_manager' and new.proven_at is null) execute function require_proof();
-- Only when it is switched on: one whose settings change while it is on stays on, or leads would be missed.
create trigger destinations_4_require_proof before update on destinations
    for each row when (new.active and not old.active and new.kind <> 'lead_manager' and new.proven_at is null) execute function require_proof();

-- After an update; the order doesn't matter. The ledger (04_ledger.sql) announces the switch, 06_directory.sql tells the hosts, 09_audit.sql writes it down.

-- An integration's destinations follow it.
create function follow_integration() returns trigger language plpgsql as $$
declare
    re_encrypted constant boolean := current_setting('router.reencrypts', true) is not distinct from 'on';
    differs constant boolean := not re_encrypted
        and (old.header_values, old.mapping, old.answer_rules) is distinct from (new.header_values, new.mapping, new.answer_rules);
    rotated constant boolean := not re_encrypted and (old.secret, old.previous_secret, old.previous_secret_until)
        is distinct from (new.secret, new.previous_secret, new.previous_secret_until);
begin
    update destinations
    set url = new.url, secret = new.secret, signature = new.signature,
        -- One that was promoted has its own old secret for a while, which is nobody else's.
        previous_secret = case when rotated then new.previous_secret else previous_secret end,
        previous_secret_until = case when rotated then new.previous_secret_until else previous_secret_until end,
        -- These the hosts read from the integration itself: the update makes them look.
        settings_changed_at = case when differs then now() else settings_changed_at end,
        proven_at = case when differs then null else proven_at end
    where integration_id = new.id;
    return null;
end $$;

create trigger integrations_are_followed
    after update of url, secret, previous_secret, previous_secret_until, signature, header_values, mapping, answer_rules on integrations
    for each row execute function follow_integration();

-- Whoever ends a pause or switches a destination on again wants it to be tried: the failures of before would pause it within the second.
create function forget_failures() returns trigger language plpgsql as $$
begin
    delete from destination_failures where destination_id = new.id;
    return null;
end $$;

create trigger destinations_forget_failures after update on destinations
    for each row when ((old.paused_at is not null and new.paused_at is null) or (new.active and not old.active))
    execute function forget_failures();

-- Corrected by hand: the next probe needn't wait for as long as the failures before have earned.
create function probe_at_once() returns trigger language plpgsql as $$
begin
    update destination_failures set probe_at = now(), probe_interval = null where destination_id = new.id;
    return null;
end $$;

create trigger destinations_probe_at_once after update on destinations
    for each row when (new.paused_by = 'router' and (old.url, old.partner_id, sign_in(old), old.settings_changed_at)
                       is distinct from (new.url, new.partner_id, sign_in(new), new.settings_changed_at))
    execute function probe_at_once();
