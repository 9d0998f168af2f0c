-- Sites, who may send for them, where their leads go, and the ledger of every delivery.

create table sites (
    id                 uuid primary key,
    name               text not null check (name <> ''),
    domain             text not null check (domain <> ''),
    login_url_template text check (login_url_template <> ''),
    created_at         timestamptz not null default now()
);

-- A sending system. Passwords are 256 random bits made by us, so one SHA-256 is as good as a slow hash and costs microseconds.
create table products (
    username        text primary key check (username ~ '^[A-Za-z0-9._@-]{1,100}$'),
    display_name    text not null check (display_name <> ''),
    password_sha256 bytea not null check (octet_length(password_sha256) = 32),
    is_lead_manager boolean not null default false,
    created_at      timestamptz not null default now()
);

create table product_sites (
    product text not null references products (username) on delete cascade,
    site_id uuid not null references sites (id) on delete cascade,
    primary key (product, site_id)
);
create index product_sites_site on product_sites (site_id);

-- Deleted destinations stay as rows: the history of their deliveries keeps a name to show.
create table destinations (
    id              uuid primary key,
    site_id         uuid not null references sites (id),
    kind            text not null check (kind in ('lead_manager', 'registered', 'custom')),
    name            text not null check (name <> ''),
    url             text not null check (url ~ '^https?://'),
    secret          text not null check (secret <> ''),
    partner_id      text not null default '',
    active          boolean not null default true,
    inactive_reason text,
    created_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    constraint lead_manager_stays_active check (kind <> 'lead_manager' or (active and deleted_at is null)),
    constraint deleted_is_inactive check (deleted_at is null or not active)
);
create unique index destinations_one_lead_manager on destinations (site_id) where kind = 'lead_manager';
create index destinations_site on destinations (site_id, created_at, id) where deleted_at is null;

-- Lead Manager can neither be deleted nor become something else, and no site exists without one, whoever asks.
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

-- Hosts cache what follows and listen: a change is in force within a second on each of them.
create function notify_directory() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'sites' then
        perform pg_notify('router_directory', 'site ' || coalesce(new.id, old.id));
    elsif tg_table_name = 'destinations' then
        perform pg_notify('router_directory', 'site ' || coalesce(new.site_id, old.site_id));
    elsif tg_table_name = 'products' then
        perform pg_notify('router_directory', 'product ' || coalesce(new.username, old.username));
    else
        perform pg_notify('router_directory', 'product ' || coalesce(new.product, old.product));
    end if;
    return null;
end $$;

create trigger sites_notify after insert or update or delete on sites for each row execute function notify_directory();
create trigger destinations_notify after insert or update or delete on destinations for each row execute function notify_directory();
create trigger products_notify after insert or update or delete on products for each row execute function notify_directory();
create trigger product_sites_notify after insert or update or delete on product_sites for each row execute function notify_directory();

-- The ledger. Event ids begin with a time, so a range of ids is a span of time: the three tables can be cut into days
-- and a day dropped as a whole. The default partition holds what no day was made for.
--
-- No foreign keys here, on purpose: each would lock a row of a site or destination that every concurrent lead of the
-- site needs too, and would forbid dropping a day. An event and its deliveries are written by one statement, attempts
-- and the state they lead to by another; sites and destinations are never deleted as rows.
create table lead_events (
    id            uuid not null,
    site_id       uuid not null,
    action        text not null check (action <> ''),
    lead_id       uuid not null,
    lead_id_text  text not null,            -- as the sender spelled it
    product       text not null,
    source_system text not null,
    accepted_at   timestamptz not null,
    planned_at    timestamptz not null default now(),
    body          bytea not null,           -- bytes, not jsonb: key order, number spelling and escapes are the sender's
    primary key (id)
) partition by range (id);
create table lead_events_default partition of lead_events default;
create index lead_events_lead on lead_events (site_id, lead_id);

create table deliveries (
    event_id         uuid not null,
    destination_id   uuid not null,
    site_id          uuid not null,
    state            text not null default 'pending'
                     check (state in ('pending', 'delivered', 'rejected', 'retrying', 'held', 'dead', 'canceled')),
    attempts         int not null default 0 check (attempts >= 0),
    retry_step       int not null default 0 check (retry_step >= 0),  -- place in the schedule; a replay starts it anew
    next_attempt_at  timestamptz,           -- when a retrying delivery is due
    leased_until     timestamptz,           -- until then its next attempt is in the retry queue or in a worker's hands
    last_status      int check (last_status between 100 and 999),
    last_error       text,
    accepted_at      timestamptz not null,
    first_attempt_at timestamptz,
    finished_at      timestamptz,           -- when it became delivered, rejected, dead or canceled
    primary key (event_id, destination_id),
    constraint retrying_has_a_time check ((state = 'retrying') = (next_attempt_at is not null)),
    constraint finished_has_a_time check ((state in ('delivered', 'rejected', 'dead', 'canceled')) = (finished_at is not null)),
    constraint outcome_has_an_attempt check (state not in ('delivered', 'rejected', 'dead') or attempts > 0)
) partition by range (event_id);
create table deliveries_default partition of deliveries default;
create index deliveries_due on deliveries (next_attempt_at) where state = 'retrying';
create index deliveries_newest on deliveries (site_id, event_id desc, destination_id desc);

-- One row for every HTTP request. started_at is part of the key: after a lost worker the same number can be made twice.
create table delivery_attempts (
    event_id       uuid not null,
    destination_id uuid not null,
    attempt        int not null check (attempt > 0),
    started_at     timestamptz not null,
    duration_us    bigint not null check (duration_us >= 0),
    result         text not null check (result in ('delivered', 'rejected', 'failed')),
    status         int check (status between 100 and 999),
    error          text,
    response_body  bytea check (octet_length(response_body) <= 16384),
    primary key (event_id, destination_id, attempt, started_at)
) partition by range (event_id);
create table delivery_attempts_default partition of delivery_attempts default;
