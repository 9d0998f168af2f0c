-- What columns hold of people, and what they hold that is secret. Each column of text, bytes or JSON ends its comment with one of these words, and so does
-- any other that leads to a person; docs/privacy.md is made from them, and tests fail for a column without one. A word is defined so:
--
-- [data: WORD] what it is | why it is kept | how long | what removes it
--
-- [data: none] nothing of a person and no secret: configuration, words of ours, ids of things
-- [data: event] a lead as it came: name, addresses, numbers, activities, whatever its sender put into it | to deliver it, and to send it again | `Retention:BodiesAfter` (30 days) after its day; longer only while a delivery of that day is unfinished | retention; erasure of the lead, the person or the site
-- [data: lead-id] the lead's id, as its sender made it; for a user the user's id | to keep its events in order, and to find them | `Retention:RowsAfter` (90 days) | retention; erasure of the lead, the person or the site
-- [data: answer] what a receiver answered: it may repeat the lead | so that owners see why a lead wasn't taken | as the lead's contents | retention; erasure of the lead, the person or the site
-- [data: register] the lead's id | so that an update doesn't overtake its lead | 5 to 15 minutes | it empties itself
-- [data: outbox] an accepted lead | RabbitMQ didn't confirm it | until RabbitMQ takes it, mostly seconds | publishing; erasure of the lead or the person
-- [data: set-aside] an accepted message that can't be taken on | so that an operator can correct it and no lead is lost | until it is sent again or deleted; its contents `Retention:BodiesAfter` at most | operators; retention; erasure of the lead, the person or the site
-- [data: refused] what a sender sent and was refused for its contents, encrypted, and its lead's id | so that it can be corrected and taken in | 14 days, or `Retention:BodiesAfter` where that is less | owners, operators; retention; erasure of the lead, the person or the site
-- [data: search] who a lead is: name, address, number, and keyed hashes of them | so that owners find it, and duplicates are seen | as the lead's contents; the row without them until `Retention:RowsAfter` | retention; erasure of the lead, the person or the site
-- [data: print] the lead's id, and keyed hashes of its address, number and name | so that duplicates are recognized where a destination asks for it | 30 days, or `Retention:BodiesAfter` where that is less | retention; erasure of the lead, the person or the site
-- [data: erased] the id of a lead that was erased, nothing else of it | so that it isn't taken in again by what was still on its way | `Retention:BodiesAfter` | retention
-- [data: replay] who asked for a replay (an account's address), and of which lead | so that people see what was sent again | for good; the lead's id until it is erased | erasure of the lead or the person takes the lead's id
-- [data: agent] a user of a site (an agent or a lender), as its Lead Manager last told: name, addresses, numbers | senders ask for them | until Lead Manager deletes the user | Lead Manager; erasure of the person or the site
-- [data: account] a person with access: address, role, time zone, quiet hours, when a token was used | to let them in, and to tell them what needs them | as long as the account is there; a disabled one stays, so that the list of changes can be read | operators disable accounts; erasure doesn't reach them
-- [data: session] who is signed in: account, address, browser, when | so that people see where they are signed in, and end what they don't know | 30 days after its end, 60 after it was used last | retention
-- [data: access] who signed in and out, who wasn't let in, what was refused: account, address, browser, when | to see who tried to get in | `Retention:AccessLogAfter` (365 days) | retention
-- [data: actor] who changed or looked at what: an account's address, and what was changed; the id of a lead that was erased | to answer for what was done | for good | nothing; the database's keeper may delete old rows
-- [data: alert] whom an alert goes to | to send it once | 90 days after the trouble is over | workers
-- [data: credential] a hash of a password, token or link, or a random value; what it was made from can't be had from it | to let in whoever has it | until it is replaced or deleted; of a revoked token for good, so that it stays revoked | its owner, operators
-- [data: secret] a secret, encrypted with the key ring | to sign requests and to be let in by receivers | until it is replaced, or its destination or integration is deleted; of a deleted destination it stays | owners, operators

-- Sites, the products that may send leads for them, and their users.

create table sites (
    id                 uuid primary key,
    name               text not null check (name <> ''),    -- [data: none]
    domain             text not null check (domain <> ''),             -- a host name; receivers get it as site_domain [data: none]
    login_url_template text check (login_url_template <> ''),          -- {lead_id} in it is replaced [data: none]
    require_proven     boolean not null default false,                 -- a destination must pass the go-live check before it can be switched on
    limits             jsonb check (jsonb_typeof(limits) = 'object'),  -- what an operator lets it have instead of the router's own (SiteLimits) [data: none]
    created_at         timestamptz not null default now(),
    constraint domain_is_a_host_name check (domain = lower(domain) and domain !~ '[[:space:]/:?#@\\]|\.$')
);

-- A sending system. Its password is 256 random bits that we made, so one SHA-256 is as good as a slow hash and costs microseconds.
create table products (
    username        text primary key check (username ~ '^[A-Za-z0-9._@-]{1,100}$'),    -- [data: none]
    display_name    text not null check (display_name <> ''),          -- the source of leads that name none [data: none]
    password_sha256 bytea not null check (octet_length(password_sha256) = 32),    -- [data: credential]
    password_changed_at      timestamptz not null default now(),
    previous_password_sha256 bytea check (octet_length(previous_password_sha256) = 32),   -- the one before it still lets it in [data: credential]
    previous_password_until  timestamptz,                              -- until then; null: until somebody ends it
    networks        text[] not null default '{}',                      -- from which it may send, as CIDR; none: from anywhere [data: none]
    is_lead_manager boolean not null default false,                    -- the Lead Manager's own product may write users
    description     text not null default '',                          -- what owners read of it in the catalogue of senders [data: none]
    offered         boolean not null default false,                    -- every owner may let it in
    created_at      timestamptz not null default now(),
    constraint offered_is_described check (not offered or description <> ''),
    constraint lead_manager_is_not_offered check (not (offered and is_lead_manager)),
    constraint previous_password_ends check (previous_password_until is null or previous_password_sha256 is not null)
);

-- When each password of a product let it in last, by all hosts. Apart from products: hosts cache those, and look again whenever one changes.
create table product_uses (
    product         text not null references products (username) on delete cascade,    -- [data: none]
    password_sha256 bytea not null,    -- [data: credential]
    used_at         timestamptz not null,
    primary key (product, password_sha256)
);

-- Which products may send for which sites.
create table product_sites (
    product   text not null references products (username) on delete cascade,    -- [data: none]
    site_id   uuid not null references sites (id) on delete cascade,
    since     timestamptz not null default now(),
    let_in_by text not null default coalesce(nullif(current_setting('router.actor', true), ''), 'database: ' || session_user),    -- [data: actor]
    by_owner  boolean not null default false,      -- an owner let it in, and so may always withdraw it
    primary key (product, site_id)
);
create index product_sites_site on product_sites (site_id);

-- Users of a site, as its Lead Manager last told them.
create table users (
    site_id    uuid not null references sites (id) on delete cascade,
    user_id    text not null check (user_id <> '' and length(user_id) <= 200),    -- [data: agent]
    body       bytea not null,          -- bytes, not jsonb: key order, number spelling and escapes are the sender's [data: agent]
    updated_at timestamptz not null default now(),
    primary key (site_id, user_id)
);

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

-- People, how they sign in, and what their programs may do.

-- An account without a password waits for its invitation to be accepted, or signs in at a provider (account_logins).
create table accounts (
    id              uuid primary key,
    email           text not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),    -- [data: account]
    role            text not null check (role in ('owner', 'operator')),    -- [data: account]
    password_hash   text,                                       -- in the format of ASP.NET Core Identity [data: credential]
    stamp           uuid not null default gen_random_uuid(),    -- changes with the password: every session ends [data: credential]
    role_from_claim boolean not null default false,             -- it is an operator because the provider said so when it last signed in
    is_vouched      boolean not null default true,              -- false: an owner of a site, or an operator who may not read leads, saw its link, and may be the one who has used it
    failed_sign_ins int not null default 0,                     -- of all strangers together
    locked_until    timestamptz,                                -- for strangers [data: account]
    time_zone       text,                                       -- in which its pages tell times; null until it or its browser has said one: UTC [data: account]
    created_at      timestamptz not null default now(),
    disabled_at     timestamptz
);
create unique index accounts_email on accounts (email);

-- Which sites an account sees; operators see all. A viewer of a site sees what its owners see, and changes nothing.
create table account_sites (
    account_id uuid not null references accounts (id) on delete cascade,    -- [data: account]
    site_id    uuid not null references sites (id) on delete cascade,
    role       text not null default 'owner' check (role in ('owner', 'viewer')),    -- [data: account]
    from_claim boolean not null default false,     -- the provider gives it, and takes it away; otherwise people here do
    primary key (account_id, site_id)
);
create index account_sites_site on account_sites (site_id);

-- Accounts that sign in at an OpenID Connect provider. What counts is the provider's own name for somebody: an e-mail address may be somebody
-- else's tomorrow.
create table account_logins (
    issuer     text not null check (length(issuer) between 1 and 1000),    -- [data: account]
    subject    text not null check (length(subject) between 1 and 255),    -- [data: account]
    account_id uuid not null references accounts (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (issuer, subject),
    unique (account_id, issuer)
);

-- One-time links with which an account's password is chosen. Two for each account at most, one that an operator made and one that somebody asked for
-- who lost the password: anybody can ask, and must not end an operator's.
create table invitations (
    account_id   uuid not null references accounts (id) on delete cascade,
    is_asked_for boolean not null default false,
    is_shown     boolean not null default false,     -- to an owner of a site, or to an operator where those may not read leads; such an account is theirs as much as its own
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    made_at      timestamptz not null default now(),
    expires_at   timestamptz not null,
    primary key (account_id, is_asked_for)
);

-- Bearer tokens of the management API: 256 random bits, so one SHA-256 is enough. Revoked ones stay, so that they stay revoked.
create table api_tokens (
    id           uuid primary key,
    account_id   uuid not null references accounts (id) on delete cascade,
    name         text not null check (name <> '' and length(name) <= 200),    -- [data: account]
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    scope        text not null check (scope in ('read', 'configure', 'operate')),    -- [data: none]
    sites        uuid[],                            -- null: all that the account sees
    made_with    uuid references api_tokens (id),   -- the token that made it, and takes it along when it is revoked; null: a person did
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,                       -- null: never
    last_used_at timestamptz,    -- [data: account]
    revoked_at   timestamptz
);
create index api_tokens_account on api_tokens (account_id, created_at);
-- A token, and all that it and they have made.
create function made_by(token uuid) returns setof uuid language sql stable as $$
    with recursive made (id) as (
        select token
        union
        select t.id from api_tokens t join made m on t.made_with = m.id
    )
    select id from made
$$;
create index api_tokens_made_with on api_tokens (made_with) where made_with is not null;

-- Passwords tried from one place, before they are checked: see PasswordTries.cs. Those of strangers are counted together in accounts, too. Few rows: a place
-- with five wrong ones, or an account with twenty, gets no more for a quarter of an hour.
create table sign_in_tries (
    account_id uuid not null references accounts (id) on delete cascade,
    place      text not null,                                   -- a network, a browser that the account has signed in with, or a session [data: session]
    count      int not null,
    last_at    timestamptz not null default now(),
    primary key (account_id, place)
);

-- Who is signed in on the pages, and from where. A browser's cookie names a row by a random token. The row is good until it ends, or until
-- Sessions:IdleLimit or Sessions:AbsoluteLimit is over.
create table sessions (
    id           uuid primary key,
    account_id   uuid not null references accounts (id) on delete cascade,    -- [data: session]
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    how          text not null check (how in ('password', 'invitation', 'passkey', 'oidc')),    -- [data: session]
    started_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),            -- to the minute [data: session]
    address      text,                                          -- the last one; null where there is none [data: session]
    browser      text not null,                                 -- in two or three words [data: session]
    confirmed_at timestamptz not null default now(),            -- when whoever uses it last showed to be the account
    ended_at     timestamptz,
    end_reason   text check (end_reason in ('signed_out', 'elsewhere', 'operator', 'replaced', 'too_many', 'password', 'disabled')),    -- [data: session]
    check ((ended_at is null) = (end_reason is null))
);
create index sessions_account on sessions (account_id, last_seen_at);

-- Whoever changes a password or disables an account, by a page, the API or SQL by hand: its sessions end.
create function end_sessions() returns trigger language plpgsql as $$
begin
    update sessions set ended_at = now(), end_reason = case when new.disabled_at is null then 'password' else 'disabled' end
    where account_id = new.id and ended_at is null;
    return null;
end $$;

create trigger accounts_end_sessions after update on accounts for each row
when (old.stamp is distinct from new.stamp or (old.disabled_at is null and new.disabled_at is not null)) execute function end_sessions();

-- The key ring of ASP.NET Core Data Protection; encrypted itself when a certificate is configured.
create table data_protection_keys (
    name       text primary key,    -- [data: none]
    xml        text not null,    -- [data: secret]
    created_at timestamptz not null default now()
);

-- The ledger: every event that was accepted, every delivery of it, and every attempt.
--
-- Event ids begin with a time, so a range of ids is a span of time: the tables are cut into days, and a day is dropped as a whole. The default
-- partitions hold what no day was made for.
--
-- There are no foreign keys, on purpose: each would lock a row of a site or destination that every concurrent lead of the site needs too, and would
-- forbid dropping a day. Sites and destinations are never deleted as rows. Every row carries its site, so that the ledger can be sharded by site.
--
-- Columns are ordered by their width, which saves the gaps between them.

-- One accepted request. With its plan: the destinations that were active then.
create table lead_events (
    accepted_at          timestamptz not null,
    planned_at           timestamptz not null default now(),
    id                   uuid not null,
    site_id              uuid not null,
    lead_id              uuid,                   -- what stands for a user's id in user_updated; null for news of a switch, and once it is erased [data: lead-id]
    action               text not null check (action <> ''),    -- [data: none]
    lead_id_text         text not null,          -- as the sender spelled it; a user's id for user_updated [data: lead-id]
    product              text not null,          -- '' for what the router sends by itself [data: none]
    source_system        text not null,    -- [data: none]
    destinations         uuid[] not null,        -- the plan. Of these, what has no row in deliveries waits for its first outcome
    left_out             uuid[],                 -- destinations whose filter it didn't fit
    unknown_destinations text[],                 -- names of X-ROUTER-DESTINATIONS that are no active destination [data: event]
    traceparent          text,                   -- the span that its retries continue, where it has a trace [data: none]
    test                 text check (test in ('once', 'twice', 'wrong_signature')),   -- a test lead for one destination; counted nowhere [data: none]
    body                 bytea,                  -- bytes, not jsonb: key order, number spelling and escapes are the sender's. Null: contents deleted [data: event]
    primary key (id)
) partition by range (id);
create table lead_events_default partition of lead_events default;
-- An event looks for the one before it of the same lead.
create index lead_events_lead on lead_events (site_id, lead_id, accepted_at);
-- A site's leads by time, and over all sites by walking from site to site.
create index lead_events_received on lead_events (site_id, accepted_at) where test is null and product <> '';

-- One event at one destination, from its first outcome on. The row is its latest attempt, with the answer in it; earlier ones move to
-- delivery_attempts. accepted_at is the event's, and part of the key: so one index finds a delivery (whoever looks for one knows its event) and
-- lists those of a destination by time. Ids alone don't: one that is made from an Idempotency-Key begins with its day only.
create table deliveries (
    accepted_at      timestamptz not null,
    started_at       timestamptz,            -- of the latest attempt
    finished_at      timestamptz,            -- when it became delivered, rejected, dead or canceled
    next_attempt_at  timestamptz,            -- when a retrying delivery is due
    leased_until     timestamptz,            -- until then its next attempt is in the retry queue or in a worker's hands
    first_attempt_at timestamptz,            -- when the first attempt began; null while it is the latest one, or there is none
    delivered_at     timestamptz,            -- when it was delivered first; null unless it was sent again after that
    replayed_at      timestamptz,            -- when somebody asked for it anew; its time to live counts from then
    attempts         int not null default 0 check (attempts >= 0),     -- the number of the last one that was begun
    attempt          int,                    -- the number of the latest one that is recorded: the columns from here to response_body are its
    duration_us      int,
    status           smallint check (status between 100 and 999),
    requests         smallint,               -- null for one; 2: the first went over an old connection that broke without an answer
    retry_step       smallint not null default 0 check (retry_step >= 0),  -- place in the schedule; a replay starts it anew
    is_test          boolean not null default false,
    event_id         uuid not null,
    destination_id   uuid not null,
    site_id          uuid not null,
    state            text not null check (state in ('delivered', 'rejected', 'retrying', 'held', 'dead', 'canceled')),    -- [data: none]
    result           text check (result in ('delivered', 'rejected', 'failed')),    -- [data: none]
    error            text,                   -- why there was no status; 'expired' or 'too_old' where it was given up for its age [data: none]
    response_headers text,                   -- 'Name: value', one in a line; Location and the like, of failures only [data: answer]
    response_body    bytea check (octet_length(response_body) <= 16384),   -- the answer's beginning [data: answer]
    reason           text check (length(reason) <= 1000),   -- what a rule about answers says of it, or why the mapping made no request [data: answer]
    primary key (destination_id, accepted_at, event_id),
    constraint retrying_has_a_time check ((state = 'retrying') = (next_attempt_at is not null)),
    constraint finished_has_a_time check ((state in ('delivered', 'rejected', 'dead', 'canceled')) = (finished_at is not null)),
    constraint outcome_has_an_attempt check (state not in ('delivered', 'rejected', 'dead') or attempts > 0 or coalesce(error in ('expired', 'too_old'), false))
) partition by range (event_id);
create table deliveries_default partition of deliveries default;
-- What is rare is found without reading all that went well; a lead that gets through at once writes nothing to these.
create index deliveries_due on deliveries (destination_id, next_attempt_at) where state = 'retrying';
create index deliveries_held on deliveries (destination_id, accepted_at) where state = 'held';
create index deliveries_dead on deliveries (accepted_at desc, event_id desc, destination_id desc) where state = 'dead' and not is_test;
create index deliveries_dead_of_destination on deliveries (destination_id, accepted_at desc, event_id desc) where state = 'dead';
create index deliveries_tests on deliveries (destination_id, accepted_at desc) where is_test;
create index deliveries_refused on deliveries (destination_id, accepted_at desc, event_id desc) where state in ('rejected', 'canceled');

-- Deliveries that wait for an earlier event of their lead at the same destination; their rows are held. Whoever finds none of these behind a held row
-- lets that go. Small: it is looked into whenever deliveries change.
create table delivery_waits (
    event_id              uuid not null,
    destination_id        uuid not null,
    site_id               uuid not null,
    accepted_at           timestamptz not null,     -- the event's own: part of its delivery's key
    since                 timestamptz not null default now(),
    waits_for             uuid not null,            -- the earlier event; it may not be planned yet
    supersedes            boolean not null default false,   -- says all that the earlier one says: that one is canceled unless it is under way
    primary key (event_id, destination_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index delivery_waits_for on delivery_waits (waits_for, destination_id);
create index delivery_waits_supersede on delivery_waits (event_id) where supersedes;

-- Whoever ends a delivery, in whatever way, lets those go that wait for it. Rows that somebody else has locked are left to the workers, who look
-- through the waits each second: nobody waits for a lock here.
create function let_followers_go() returns trigger language plpgsql as $$
declare
    events       uuid[];
    destinations uuid[];
    times        timestamptz[];
    moved        int;
begin
    -- The updates below come here, too, and so does one of no rows.
    if not exists (select from changed) or not exists (select from delivery_waits) then
        return null;
    end if;

    -- What has failed and a later message says again isn't tried again.
    if exists (
        select from changed c join delivery_waits w on w.waits_for = c.event_id and w.destination_id = c.destination_id
        where w.supersedes and c.state = 'retrying' and c.leased_until is null)
    then
        update deliveries d
        set state = case when d.delivered_at is null then 'canceled' else 'delivered' end, next_attempt_at = null, finished_at = now()
        from changed c
        join delivery_waits w on w.waits_for = c.event_id and w.destination_id = c.destination_id and w.supersedes
        join lead_events e on e.id = c.event_id and e.action in ('user_updated', 'integration_enabled', 'integration_disabled')
        where d.destination_id = c.destination_id and d.accepted_at = c.accepted_at and d.event_id = c.event_id
          and d.state = 'retrying' and d.leased_until is null;
    end if;

    if not exists (select from changed where finished_at is not null) then
        return null;
    end if;

    -- In one order, or two that end at once would wait for each other.
    perform from delivery_waits w join changed c on w.destination_id = c.destination_id and (w.waits_for = c.event_id or w.event_id = c.event_id)
    where c.finished_at is not null order by w.event_id, w.destination_id for update of w;

    -- What ends while it waits itself leaves its own wait to those behind it; and so on, where neighbours end at once. No chain is longer than these.
    for i in 1 .. (select count(*) from changed) loop
        update delivery_waits w set waits_for = own.waits_for
        from changed c join delivery_waits own on own.event_id = c.event_id and own.destination_id = c.destination_id
        where c.finished_at is not null and w.waits_for = c.event_id and w.destination_id = c.destination_id and own.waits_for <> w.waits_for;
        get diagnostics moved = row_count;
        exit when moved = 0;
    end loop;
    delete from delivery_waits w using changed c
    where c.finished_at is not null and w.event_id = c.event_id and w.destination_id = c.destination_id;

    select array_agg(w.event_id), array_agg(w.destination_id), array_agg(w.accepted_at) into events, destinations, times
    from delivery_waits w join changed c on w.waits_for = c.event_id and w.destination_id = c.destination_id
    where c.finished_at is not null;
    if events is null then
        return null;
    end if;

    -- By execute, for a plan that knows the span of ids and so touches one or two days.
    execute $sql$
        with free as (
            select d.destination_id, d.accepted_at, d.event_id
            from unnest($1, $2, $3) as f (event_id, destination_id, accepted_at)
            join deliveries d on d.destination_id = f.destination_id and d.accepted_at = f.accepted_at and d.event_id = f.event_id
            where d.state = 'held' and d.event_id between $4 and $5
            for update of d skip locked
        ), freed as (
            update deliveries d set state = 'retrying', next_attempt_at = now()
            from free f
            where d.destination_id = f.destination_id and d.accepted_at = f.accepted_at and d.event_id = f.event_id
              and d.event_id between $4 and $5
            returning d.event_id, d.destination_id
        ), ended as (
            delete from delivery_waits w using freed f where w.event_id = f.event_id and w.destination_id = f.destination_id
        )
        select pg_notify('router_due', '') from freed limit 1
        $sql$
    using events, destinations, times, (select id from unnest(events) e (id) order by id limit 1),
          (select id from unnest(events) e (id) order by id desc limit 1);
    return null;
end $$;

create trigger deliveries_let_followers_go_on_insert after insert on deliveries
    referencing new table as changed for each statement execute function let_followers_go();
create trigger deliveries_let_followers_go_on_update after update on deliveries
    referencing new table as changed for each statement execute function let_followers_go();

-- Attempts before the latest one, and those that came too late to count. started_at is part of the key: after a lost worker the same number can be
-- made twice.
create table delivery_attempts (
    started_at       timestamptz not null,
    attempt          int not null check (attempt > 0),
    duration_us      int not null check (duration_us >= 0),
    status           smallint check (status between 100 and 999),
    requests         smallint,
    event_id         uuid not null,
    destination_id   uuid not null,
    site_id          uuid not null,
    result           text not null check (result in ('delivered', 'rejected', 'failed')),    -- [data: none]
    error            text,    -- [data: none]
    response_headers text,    -- [data: answer]
    response_body    bytea check (octet_length(response_body) <= 16384),    -- [data: answer]
    reason           text check (length(reason) <= 1000),    -- [data: answer]
    primary key (event_id, destination_id, attempt, started_at)
) partition by range (event_id);
create table delivery_attempts_default partition of delivery_attempts default;

-- All attempts, for whoever shows them.
create view attempts as
select event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error, response_headers, response_body, reason
from deliveries where attempt is not null
union all
select event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error, response_headers, response_body, reason
from delivery_attempts;

-- Which days there are: partitions lead_events_NAME, deliveries_NAME and delivery_attempts_NAME.
create table ledger_days (
    name                text primary key,       -- YYYYMMDD, UTC [data: none]
    starts_at           timestamptz not null,
    ends_at             timestamptz not null,
    contents_deleted_at timestamptz,            -- leads and answers go first, the rows later
    written_to          boolean not null default false     -- while its contents are dropped, and after that: something came into it
);

-- On partitions whose contents are being dropped, or are gone.
create function note_written_to() returns trigger language plpgsql as $$
begin
    update ledger_days set written_to = true where name = tg_argv[0] and not written_to;
    return new;
end $$;

-- A UUID of version 7: it begins with the time in milliseconds, as the ids that the hosts make.
create function uuid_v7() returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
            || substr(replace(gen_random_uuid()::text, '-', ''), 14, 19))::uuid
$$;

-- The least event id of a time.
create function first_event_id(at timestamptz) returns uuid language sql immutable strict as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Hosts don't own the tables (90_rights.sql). What only their owner may do, these functions do for them: with the tables of the ledger's days alone.

-- Made apart and then attached: that locks the default partition for a moment, which is empty, and nothing else.
create function create_ledger_day(day date) returns void language plpgsql security definer as $$
declare
    name  constant text := to_char(day, 'YYYYMMDD');
    start constant timestamptz := day::timestamp at time zone 'UTC';
    ledger text;
begin
    foreach ledger in array array['lead_events', 'deliveries', 'delivery_attempts'] loop
        execute format('create table %I (like %I including all)', ledger || '_' || name, ledger);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                       ledger, ledger || '_' || name, first_event_id(start), first_event_id(start + interval '24 hours'));
    end loop;
    insert into ledger_days (name, starts_at, ends_at) values (name, start, start + interval '24 hours');
end $$;

-- The day of that name, and no other table.
create function ledger_day(day text) returns ledger_days language plpgsql stable as $$
declare
    found_day ledger_days;
begin
    select * into strict found_day from ledger_days where name = day;
    return found_day;
end $$;

-- From its commit on, whoever changes a row of the day is noted.
create function watch_ledger_day(day text, ledgers text[]) returns void language plpgsql security definer as $$
declare
    ledger text;
begin
    perform ledger_day(day);
    foreach ledger in array ledgers loop
        if ledger <> all (array['lead_events', 'deliveries', 'delivery_attempts']) then
            raise exception '% is no table of the ledger', ledger;
        end if;
        execute format('create or replace trigger note_written_to after insert or update or delete on %I for each row execute function note_written_to(%L)',
                       ledger || '_' || day, day);
    end loop;
end $$;

-- A table of the day once more, as NAME_bare, without contents.
create function copy_ledger_day(day text, ledger text) returns void language plpgsql security definer as $$
declare
    bounds  constant ledger_days := ledger_day(day);
    bare    constant text := ledger || '_' || day || '_bare';
    key     constant text := case ledger when 'lead_events' then 'id' when 'deliveries' then 'event_id' when 'delivery_attempts' then 'event_id' end;
    columns text;
begin
    if key is null then
        raise exception '% is no table of the ledger', ledger;
    end if;
    select string_agg(case when attname in ('body', 'response_body', 'response_headers', 'reason') then 'null' else quote_ident(attname) end, ', ' order by attnum)
    into columns
    from pg_attribute where attrelid = ledger::regclass and attnum > 0 and not attisdropped;
    execute format('drop table if exists %I', bare);
    execute format('create table %I (like %I including all)', bare, ledger);
    -- The partition's own bounds: with them, attaching needs no look at the rows.
    execute format('alter table %I add constraint of_its_day check (%I >= %L and %I < %L)',
                   bare, key, first_event_id(bounds.starts_at), key, first_event_id(bounds.ends_at));
    execute format('insert into %I select %s from %I', bare, columns, ledger || '_' || day);
    execute format('analyze %I', bare);
end $$;

-- The copies take the day's place.
create function exchange_ledger_day(day text) returns void language plpgsql security definer as $$
declare
    bounds constant ledger_days := ledger_day(day);
    ledger text;
    name   text;
begin
    foreach ledger in array array['lead_events', 'deliveries', 'delivery_attempts'] loop
        name := ledger || '_' || day;
        execute format('alter table %I detach partition %I', ledger, name);
        execute format('drop table %I', name);
        execute format('alter table %I rename to %I', name || '_bare', name);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                       ledger, name, first_event_id(bounds.starts_at), first_event_id(bounds.ends_at));
        execute format('alter table %I drop constraint of_its_day', name);
    end loop;
end $$;

-- A day with contents is never dropped.
create function drop_ledger_day(day text) returns void language plpgsql security definer as $$
declare
    bounds constant ledger_days := ledger_day(day);
begin
    if bounds.contents_deleted_at is null then
        raise exception 'day % of the ledger still has its contents', day;
    end if;
    execute format('drop table %I, %I, %I', 'lead_events_' || day, 'deliveries_' || day, 'delivery_attempts_' || day);
    delete from ledger_days where ledger_days.name = day;
end $$;

-- Whether a planned delivery without a row is still on its way: its event is in a worker's hands, or back at the broker for another one. A day is
-- more than workers are away for; what nobody has recorded by then is lost.
create function awaits_first_outcome(destinations uuid[], destination uuid, planned_at timestamptz) returns boolean
language sql stable as $$ select destination = any (destinations) and planned_at > now() - interval '1 day' $$;

-- Tells a destination when its Active flag changes, whoever changed it. The event and its only delivery are written with the change itself, due at
-- once: no change without its message, no message without its change. The last that it hears is what it is: a notice that still waits when the flag
-- changes again is canceled, and one that is under way is waited for. A receiver that answered 410 (then there is a reason) wants no more messages.
create function announce_active() returns trigger language plpgsql as $$
declare
    event     uuid := uuid_v7();
    under_way uuid;
    mapping   jsonb;
begin
    update deliveries d
    set state = case when d.delivered_at is null then 'canceled' else 'delivered' end, next_attempt_at = null, leased_until = null, finished_at = now()
    from lead_events e
    where e.site_id = new.site_id and e.action in ('integration_enabled', 'integration_disabled')
      and d.destination_id = new.id and d.accepted_at = e.accepted_at and d.event_id = e.id and d.state in ('retrying', 'held')
      and (new.inactive_reason is not null or d.leased_until is null or d.leased_until <= now());

    -- Another system's format may have no request for it.
    select coalesce(i.mapping, new.mapping) into mapping from (select) one left join integrations i on i.id = new.integration_id;
    if new.inactive_reason is null
       and (mapping is null or mapping -> 'actions' ? case when new.active then 'integration_enabled' else 'integration_disabled' end)
    then
        select e.id into under_way
        from lead_events e join deliveries d on d.destination_id = new.id and d.accepted_at = e.accepted_at and d.event_id = e.id
        where e.site_id = new.site_id and e.action in ('integration_enabled', 'integration_disabled') and d.state in ('retrying', 'held')
        order by e.accepted_at desc limit 1;

        insert into lead_events (id, site_id, action, lead_id_text, product, source_system, accepted_at, body, destinations)
        values (event, new.site_id, case when new.active then 'integration_enabled' else 'integration_disabled' end, event::text, '', '', now(), '{}', array[new.id]);
        if under_way is null then
            insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, accepted_at)
            values (event, new.id, new.site_id, 'retrying', now(), now());
        else
            insert into deliveries (event_id, destination_id, site_id, state, accepted_at) values (event, new.id, new.site_id, 'held', now());
            insert into delivery_waits (event_id, destination_id, site_id, accepted_at, waits_for, supersedes)
            values (event, new.id, new.site_id, now(), under_way, true);
        end if;
    end if;
    return null;
end $$;

create index lead_events_notices on lead_events (site_id, accepted_at) where action in ('integration_enabled', 'integration_disabled');

create trigger destinations_announce_active after update of active on destinations
    for each row when (old.active is distinct from new.active) execute function announce_active();

-- Today and the next days; from then on the workers make them.
select create_ledger_day((now() at time zone 'UTC')::date + ahead) from generate_series(0, 7) as ahead;

-- The statement: every lead that was received is accounted for at every destination.

-- What the ledger's rows said before they were dropped: by the hour in which events were accepted (UTC), how many each destination received, skipped
-- and missed, and what became of the rest. Tests and news of destinations' own switches don't count.
create table statement_days (
    site_id        uuid not null,
    destination_id uuid not null,
    hour           timestamptz not null,
    state          text not null,              -- received, missing, or an outcome [data: none]
    count          bigint not null,
    unique nulls not distinct (site_id, hour, destination_id, state)
);

-- What became of each lead at each destination that was there: its delivery's state, or skipped: the destination was off, or not among those that the
-- sender chose. What has no row yet is on its way, and after a day it is missing where it was to go: then something of ours lost it.
create view statement_entries as
select site_id, destination_id, event_id, accepted_at, outcome, case when outcome = 'missing' then 1 else 0 end as missing
from (
    select e.site_id, x.id as destination_id, e.id as event_id, e.accepted_at,
           case when d.state is not null then d.state
                when awaits_first_outcome(e.destinations, x.id, e.planned_at) then 'retrying'
                when x.kind = 'lead_manager' or x.id = any (e.destinations) then 'missing'
                else 'skipped' end as outcome
    from lead_events e
    join destinations x on x.site_id = e.site_id
    left join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
    where e.test is null and e.product <> ''
      and (d.state is not null or x.id = any (e.destinations) or e.accepted_at >= x.created_at and e.accepted_at < coalesce(x.deleted_at, 'infinity'))
) entries;

-- By site, destination and hour of acceptance: received = delivered + rejected + retrying + held + dead + canceled + skipped, and missing is 0. A day is
-- dropped in the transaction that writes its counts, so each lead is counted once.
create view statement as
select site_id, destination_id, hour, sum(received)::bigint as received,
       sum(delivered)::bigint as delivered, sum(rejected)::bigint as rejected, sum(retrying)::bigint as retrying, sum(held)::bigint as held,
       sum(dead)::bigint as dead, sum(canceled)::bigint as canceled, sum(skipped)::bigint as skipped, sum(missing)::bigint as missing
from (
    select site_id, destination_id, date_trunc('hour', accepted_at, 'UTC') as hour, count(*) as received,
           count(*) filter (where outcome = 'delivered') as delivered, count(*) filter (where outcome = 'rejected') as rejected,
           count(*) filter (where outcome = 'retrying') as retrying, count(*) filter (where outcome = 'held') as held,
           count(*) filter (where outcome = 'dead') as dead, count(*) filter (where outcome = 'canceled') as canceled,
           count(*) filter (where outcome = 'skipped') as skipped, sum(missing) as missing
    from statement_entries
    group by site_id, destination_id, date_trunc('hour', accepted_at, 'UTC')
    union all
    select site_id, destination_id, hour, case when state = 'received' then count else 0 end,
           case when state = 'delivered' then count else 0 end, case when state = 'rejected' then count else 0 end, 0, 0,
           case when state = 'dead' then count else 0 end, case when state = 'canceled' then count else 0 end,
           case when state = 'skipped' then count else 0 end, case when state = 'missing' then count else 0 end
    from statement_days
) hours
group by site_id, destination_id, hour;

-- Hosts cache sites, destinations and products. A change is in force within a second on each of them: they listen, and those that can't (a pooler of
-- connections would hear it in their place) read directory_changes.

create table directory_changes (
    payload text not null,    -- [data: none]
    xid     xid8 not null default pg_current_xact_id(),    -- commits come in another order, so readers go by snapshots
    at      timestamptz not null default now()
);
create index directory_changes_xid on directory_changes (xid);

create function notify_directory() returns trigger language plpgsql as $$
declare
    changed text;
begin
    if tg_table_name = 'sites' then
        changed := 'site ' || coalesce(new.id, old.id);
    elsif tg_table_name = 'destinations' then
        changed := 'site ' || coalesce(new.site_id, old.site_id);
    elsif tg_table_name = 'products' then
        changed := 'product ' || coalesce(new.username, old.username);
    else
        changed := 'product ' || coalesce(new.product, old.product);
    end if;
    perform pg_notify('router_directory', changed);
    insert into directory_changes (payload) values (changed);
    return null;
end $$;

create trigger sites_notify after insert or update or delete on sites for each row execute function notify_directory();
create trigger destinations_notify after insert or update or delete on destinations for each row execute function notify_directory();
create trigger products_notify after insert or update or delete on products for each row execute function notify_directory();
create trigger product_sites_notify after insert or update or delete on product_sites for each row execute function notify_directory();

-- What is accepted and isn't in the ledger yet.

-- Events that the broker could not confirm: kept here until it takes them, in the order in which they came.
create table lead_outbox (
    id       bigint generated always as identity primary key,
    event_id uuid not null,
    message  bytea not null,                            -- as it is to be published [data: outbox]
    kept_at  timestamptz not null default now(),
    queue    text not null default 'lead-events',    -- [data: none]
    again    boolean not null default false             -- it may have been planned before: workers must be told
);

-- Messages that can't be taken: nobody can read them, they are too large, their site isn't there, or something of ours fails on them. Kept here until an
-- operator sends them again, corrects or deletes them; what was behind them in the queue goes on.
create table set_aside (
    id           uuid primary key default gen_random_uuid(),
    set_aside_at timestamptz not null default now(),
    queue        text not null,          -- where it came from, and goes when it is sent again [data: none]
    reason       text not null check (reason in ('unreadable', 'too_large', 'unknown_site', 'refused', 'failed', 'error_queue')),    -- [data: none]
    detail       text,                   -- the kind of exception and the SQLSTATE; never contents [data: none]
    event_id     uuid,                   -- these are null where they can't be read
    site_id      uuid,
    lead_id      uuid,    -- [data: set-aside]
    action       text,    -- [data: none]
    accepted_at  timestamptz,
    size         bigint not null,
    digest       bytea not null,         -- SHA-256 of the message: set aside twice, it is one [data: none]
    message      bytea,                  -- null once the contents are deleted [data: set-aside]
    unique (queue, digest)
);
create index on set_aside (set_aside_at, id);
create index on set_aside (site_id, lead_id) where site_id is not null;

-- Requests with an Idempotency-Key, so that another body under the same key is refused instead of dropped: hashes alone, for 24 hours.
create table idempotency_keys (
    identity    uuid primary key,        -- product, site, method, path and key
    body        uuid not null,
    accepted_at timestamptz not null
);
create index idempotency_keys_accepted_at on idempotency_keys using brin (accepted_at);

-- Requests of known products that were refused, counted by hour and reason, without contents.
create table refused_requests (
    product text not null,    -- [data: none]
    hour    timestamptz not null,        -- its start
    status  smallint not null,
    reason  text not null,               -- the sentence that the sender got, without the place in its body [data: none]
    count   bigint not null,
    last_at timestamptz not null,
    primary key (product, hour, status, reason)
);

-- What products sent for their sites and was refused for its contents. Kept for 14 days, so that somebody can correct it and take it in: a lead with a typing
-- error is a lead.
create table refused_leads (
    id                uuid primary key,  -- version 7, so in the order of time
    product           text not null,    -- [data: none]
    site_id           uuid not null,
    operation         text not null,     -- what it was sent as: createLead, updateLead and so on [data: none]
    lead              text,              -- the id in its path, as it was spelled; null where there is none [data: refused]
    lead_id           uuid,              -- the lead's id from its path or its contents, where it can be told [data: refused]
    only_destinations text[],            -- those that its sender chose [data: none]
    refused_at        timestamptz not null,
    status            smallint not null,
    reason            text not null,     -- the sentence that the sender got, without the place in its body [data: none]
    size              int not null,      -- of its body, in bytes
    contents          bytea,             -- the body, encrypted; null when it was too large to keep [data: refused]
    event_id          uuid,              -- the event as which it is taken in, and when that was accepted: the same at each try
    accepted_at       timestamptz,       -- with this body
    digest            bytea              -- its SHA-256 [data: none]
);
create index on refused_leads (site_id, id);
create index on refused_leads (product, site_id, id);

-- The latest event of each lead and user, on whichever host it was accepted, for 5 to 15 minutes. One that follows may be planned first, before anybody
-- can see the earlier one in the ledger; so its host asks here what it follows. Whoever enters one takes the place of the one before, one after the other:
-- the events of a lead are a chain. Three slots in turn, of which one is emptied: nothing is deleted row by row. Unlogged, for it costs each lead a row:
-- a crash of Postgres forgets it.
create table event_register (
    accepted_at timestamptz not null,    -- later than that of the one before, whatever the clock of its host says
    followed_at timestamptz,
    event_id    uuid not null,
    site_id     uuid not null,
    lead_id     uuid not null,           -- or what stands for a user's id [data: register]
    follows     uuid,                    -- the event before
    slot        smallint not null,
    primary key (lead_id, site_id, slot)
) partition by list (slot);
create unlogged table event_register_0 partition of event_register for values in (0) with (fillfactor = 80);
create unlogged table event_register_1 partition of event_register for values in (1) with (fillfactor = 80);
create unlogged table event_register_2 partition of event_register for values in (2) with (fillfactor = 80);

create function event_register_slot() returns smallint language sql stable as $$ select (extract(epoch from now())::bigint / 300 % 3)::smallint $$;

-- Empties the slot that comes next.
create function prune_event_register() returns void language plpgsql security definer as $$
declare
    next   constant text := 'event_register_' || (event_register_slot() + 1) % 3;
    filled boolean;
begin
    execute format('select exists (select from %I)', next) into filled;
    -- Not just before it becomes the present one.
    if filled and extract(epoch from clock_timestamp())::bigint % 300 between 10 and 280 then
        set local lock_timeout = '100ms';
        execute format('truncate %I', next);
    end if;
exception when lock_not_available then
    null;   -- somebody reads it, or another host is at it; there is another try a minute later
end $$;

-- What is asked for and done in the background, and what hosts say of themselves.

-- Replays of many deliveries: worked off in small steps by the workers, watched and canceled by people.
create table replays (
    id             uuid primary key,
    site_id        uuid not null references sites (id),
    destination_id uuid,                                -- these narrow it
    state          text,    -- [data: none]
    lead_id        uuid,    -- [data: replay]
    last_status    int,
    last_error     text,    -- [data: none]
    from_time      timestamptz,
    to_time        timestamptz,
    missed         boolean not null default false,      -- leads that the destination was never meant to get: it was off
    total          int not null check (total >= 0),     -- counted when it was asked for
    replayed       int not null default 0,
    created_by     text not null,    -- [data: replay]
    created_at     timestamptz not null default now(),
    finished_at    timestamptz,
    canceled_at    timestamptz,
    constraint missed_at_one_destination check (not missed or destination_id is not null and from_time is not null),
    constraint canceled_is_finished check (canceled_at is null or finished_at is not null)
);
create index replays_running on replays (created_at) where finished_at is null;
create index replays_of_site on replays (site_id, created_at desc);

-- Which worker looks what waits, for metrics, and until when nobody else does: one row.
create table figure_looks (
    worker uuid not null,
    until  timestamptz not null
);
insert into figure_looks (worker, until) values ('00000000-0000-0000-0000-000000000000', '-infinity');

-- What each host last said of the things that it has to do again and again: for the operator's page.
create table host_duties (
    host            text not null,    -- [data: none]
    process_id      int not null,
    program         text not null,    -- [data: none]
    started_at      timestamptz not null,
    duty            text not null,    -- [data: none]
    last_success_at timestamptz,            -- null: not yet
    last_error      text,                   -- the class of the exception and the SQLSTATE, never a text [data: none]
    is_late         boolean not null,       -- by the host's own clock
    reported_at     timestamptz not null,
    primary key (host, process_id, duty)
);

-- Who did what. Written by triggers, so that no change of the configuration goes by unseen, whoever makes it.

create table audit_log (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    actor      text not null,    -- [data: actor]
    action     text not null check (action in ('created', 'changed', 'deleted', 'shown')),     -- shown: an operator looked at a lead's contents [data: none]
    kind       text not null,           -- the table [data: none]
    subject_id text not null,    -- [data: actor]
    subject    text not null,           -- its name at that time [data: actor]
    site_id    uuid,
    changes    jsonb not null           -- column: [before, after]; of a secret only that it changed, of a long value its length and SHA-256 [data: actor]
);
create index audit_log_site on audit_log (site_id, id desc);

-- Who signed in and out on the pages, who was not let in, what was refused. What is the same within an hour is one row that counts; an hour has a limited number
-- of rows (AccessLog.cs). An e-mail is that of an account, never what a stranger typed.
create table access_log (
    id         bigint generated always as identity primary key,
    hour       timestamptz not null,                            -- its start
    first_at   timestamptz not null default now(),
    last_at    timestamptz not null default now(),
    what       text not null check (what in ('signed_in', 'wrong_password', 'wrong_second_step', 'locked', 'signed_out', 'confirmed', 'not_confirmed', 'refused')),    -- [data: none]
    account_id uuid,                                            -- null: there is no such account, or too much happened within the hour [data: access]
    email      text not null,                                   -- its e-mail then [data: access]
    how        text not null,    -- [data: access]
    address    text not null,    -- [data: access]
    browser    text not null,                                   -- in two or three words [data: access]
    detail     text not null,                                   -- what was refused, who ended a session [data: access]
    count      bigint not null default 1,
    unique nulls not distinct (hour, what, account_id, how, address, browser, detail)
);
create index access_log_account on access_log (account_id, id);

-- A value for the log, which is kept for good: of one that is long, how long it was and its SHA-256 tell whether it was this one or that. Not longer itself than what
-- it stands for.
create function audited(value jsonb) returns jsonb language sql stable as $$
    select case when length(value #>> '{}') > 2000
                then jsonb_build_object('characters', length(value #>> '{}'), 'sha256', encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'))
                else value end
$$;

create function audit() returns trigger language plpgsql as $$
declare
    secrets constant text[] := array['secret', 'previous_secret', 'header_values', 'oauth_client_secret', 'client_certificate', 'password_sha256', 'previous_password_sha256', 'password_hash', 'token_sha256', 'codes_sha256'];
    ignored constant text[] := array['id', 'created_at', 'stamp', 'failed_sign_ins', 'locked_until', 'last_used_at', 'settings_changed_at', 'proven_at', 'previous_secret', 'expires_at', 'made_at', 'since', 'let_in_by', 'unsubscribe', 'is_vouched', 'is_shown', 'password_changed_at', 'role_from_claim', 'from_claim', 'last_step', 'credential_id', 'public_key', 'sign_count', 'asked_at'];
    before jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
    after jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    thing jsonb := before || after;
    changed jsonb;
begin
    select coalesce(jsonb_object_agg(key, case when key = any (secrets) then '"changed"'::jsonb else jsonb_build_array(audited(before -> key), audited(after -> key)) end), '{}')
    into changed
    from jsonb_object_keys(thing) as key
    where not key = any (ignored)
      -- The same secret with another key: KeyRotation.cs. All else is told.
      and not (key = any (secrets) and current_setting('router.reencrypts', true) is not distinct from 'on' and key not like '%sha256' and key not like '%hash')
      and coalesce(nullif(before -> key, 'null'), '""') is distinct from coalesce(nullif(after -> key, 'null'), '""');
    if changed = '{}' then
        return null;
    end if;
    insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
    values (coalesce(nullif(current_setting('router.actor', true), ''), 'database: ' || session_user),
            case tg_op when 'INSERT' then 'created' when 'DELETE' then 'deleted' else 'changed' end,
            tg_table_name,
            coalesce(thing ->> 'id', thing ->> 'username', thing ->> 'product', thing ->> 'account_id'),
            coalesce(thing ->> 'name', thing ->> 'email', thing ->> 'username', thing ->> 'product',
                     (select email from accounts where id = (thing ->> 'account_id')::uuid), ''),
            coalesce(thing ->> 'site_id', case when tg_table_name = 'sites' then thing ->> 'id' end)::uuid,
            changed);
    return null;
end $$;

create trigger sites_audit after insert or update or delete on sites for each row execute function audit();
create trigger destinations_audit after insert or update or delete on destinations for each row execute function audit();
create trigger products_audit after insert or update or delete on products for each row execute function audit();
create trigger product_sites_audit after insert or update or delete on product_sites for each row execute function audit();
create trigger integrations_audit after insert or update or delete on integrations for each row execute function audit();
create trigger accounts_audit after insert or update or delete on accounts for each row execute function audit();
create trigger account_sites_audit after insert or update or delete on account_sites for each row execute function audit();
create trigger account_logins_audit after insert or update or delete on account_logins for each row execute function audit();
create trigger invitations_audit after insert or update or delete on invitations for each row execute function audit();
create trigger api_tokens_audit after insert or update or delete on api_tokens for each row execute function audit();

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

-- What needs a person, and who is told of it. Never contents of leads.

alter table accounts
    add column alerts      boolean not null default true,                  -- whether it wants alerts by mail
    add column quiet_from  time,                                           -- in its time zone; alerts wait until quiet_until [data: account]
    add column quiet_until time,    -- [data: account]
    add column unsubscribe uuid not null default gen_random_uuid(),        -- who knows it may switch alerts off: it is in each mail [data: credential]
    add constraint quiet_hours_have_two_ends check ((quiet_from is null) = (quiet_until is null));
create unique index accounts_unsubscribe on accounts (unsubscribe);

-- Something that needs a person, from when it was worth telling until it was over: one row for each time. One worker at a time keeps them.
create table troubles (
    id             uuid primary key,
    subject        text not null,           -- what is in trouble, such as destination:ID; open once at a time [data: none]
    kind           text not null check (kind in (    -- [data: none]
                       'failing', 'on_hold', 'refusing_all', 'switched_off', 'certificate_expiring', 'given_up', 'silent', 'product_refused',
                       'outbox_waiting', 'set_aside')),
    told_kind      text not null,           -- the gravest kind that people were told of [data: none]
    told_count     int not null,            -- and how many they were told of
    site_id        uuid references sites (id) on delete cascade,           -- null where a product or the router is in trouble
    destination_id uuid,
    product        text,    -- [data: none]
    since          timestamptz not null,
    count          int not null,            -- how many deliveries or requests it concerns
    detail         text not null,           -- why, in words [data: none]
    found_at       timestamptz not null,
    seen_at        timestamptz not null,    -- when it was last found to be so
    ended_at       timestamptz
);
create unique index troubles_open on troubles (subject) where ended_at is null;
create index troubles_ended on troubles (ended_at) where ended_at is not null;

-- When somebody last looked at everything: one row, so that many workers look no more often than one.
create table trouble_looks (
    looked_at timestamptz not null
);
insert into trouble_looks (looked_at) values ('-infinity');

-- What is to be told of a trouble, and to whom. Claimed by a worker for as long as a mail may take, so that it is sent once.
create table alerts (
    id         uuid primary key default gen_random_uuid(),
    trouble_id uuid not null references troubles (id) on delete cascade,
    account_id uuid references accounts (id) on delete cascade,            -- null: the operators' webhook [data: alert]
    event      text not null check (event in ('raised', 'cleared')),    -- [data: none]
    kind       text not null,                                              -- the trouble's at that time [data: none]
    planned_at timestamptz not null,
    due_at     timestamptz not null,                                       -- later than planned after a failure, and while it is taken
    attempts   int not null default 0,
    error      text,                                                       -- the latest attempt's: an exception's class and a status [data: none]
    sent_at    timestamptz,
    dropped_at timestamptz                                                 -- could not be sent for three days
);
create index alerts_due on alerts (account_id, due_at) where sent_at is null and dropped_at is null;
create index alerts_sent on alerts (account_id, sent_at) where sent_at is not null;
create index alerts_trouble on alerts (trouble_id);

-- What an account shows besides its password, or instead of it.

-- The app that makes codes of six digits (TOTP, RFC 6238). There is none before a code of it was entered.
create table authenticator_apps (
    account_id   uuid primary key references accounts (id) on delete cascade,
    secret       text not null,                             -- encrypted [data: secret]
    last_step    bigint not null,                           -- of the newest code that was taken: neither that nor an older one is taken again
    created_at   timestamptz not null default now(),
    last_used_at timestamptz
);

-- Passkeys and security keys (WebAuthn).
create table passkeys (
    id            uuid primary key,
    account_id    uuid not null references accounts (id) on delete cascade,
    name          text not null check (name <> '' and length(name) <= 100),    -- [data: account]
    credential_id bytea not null unique,    -- [data: credential]
    public_key    bytea not null,                           -- in the format of COSE [data: credential]
    sign_count    bigint not null,                          -- how often it has signed, by its own count; 0 for those that don't count
    asked_at      timestamptz not null,                     -- when the newest challenge that it answered was made: no older one is taken again
    copied_at     timestamptz,                              -- when its count didn't grow: there are two of it, and neither is taken any more
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz
);
create index passkeys_account on passkeys (account_id, created_at);

-- Codes for whoever has lost the others: 120 random bits each, so one SHA-256 is enough. A used one is taken out.
create table recovery_codes (
    account_id   uuid primary key references accounts (id) on delete cascade,
    codes_sha256 bytea[] not null,    -- [data: credential]
    codes_left   int generated always as (cardinality(codes_sha256)) stored,        -- for the audit log
    created_at   timestamptz not null default now()
);

-- Wrong codes since the last right one. Each fifth locks the second step, for longer each time; passkeys can't be guessed and go on.
create table wrong_codes (
    account_id   uuid primary key references accounts (id) on delete cascade,
    count        int not null,
    locked_until timestamptz
);

-- Whether there were any.
create function remove_second_factors(whose uuid) returns boolean language plpgsql as $$
declare
    had boolean;
begin
    -- Behind whoever sets one up at this moment.
    perform from accounts where id = whose for no key update;
    had := exists (select from authenticator_apps where account_id = whose) or exists (select from passkeys where account_id = whose);
    delete from authenticator_apps where account_id = whose;
    delete from passkeys where account_id = whose;
    delete from recovery_codes where account_id = whose;
    delete from wrong_codes where account_id = whose;
    return had;
end $$;

-- Whoever disables an account ends all that it could sign in with.
create function remove_disabled_factors() returns trigger language plpgsql as $$
begin
    perform remove_second_factors(new.id);
    return null;
end $$;

create trigger accounts_remove_factors after update on accounts for each row
when (old.disabled_at is null and new.disabled_at is not null) execute function remove_disabled_factors();

create trigger authenticator_apps_audit after insert or update or delete on authenticator_apps for each row execute function audit();
create trigger passkeys_audit after insert or update or delete on passkeys for each row execute function audit();
create trigger recovery_codes_audit after insert or update or delete on recovery_codes for each row execute function audit();

-- Hosts may have a role of their own, which owns nothing: HostsRights.cs says what it may do.

-- Functions that work with their owner's rights find nothing but what is in this schema, whatever their caller has made elsewhere.
do $$
declare
    owned regprocedure;
begin
    for owned in select oid from pg_proc where pronamespace = current_schema()::regnamespace and prosecdef loop
        execute format('alter function %s set search_path = %I, pg_temp', owned, current_schema());
        execute format('revoke execute on function %s from public', owned);
    end loop;
end $$;
