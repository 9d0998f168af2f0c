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
