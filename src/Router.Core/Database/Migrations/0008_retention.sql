-- The ledger in days. A day's contents (leads and answers) are dropped first, its rows later; the statement's counts stay.

-- Null: the contents are gone, after Retention:BodiesAfter or because somebody asked for it.
alter table lead_events alter column body drop not null;

-- Which days there are: partitions lead_events_NAME, deliveries_NAME and delivery_attempts_NAME. The one called "past" holds what
-- was there before there were days.
create table ledger_days (
    name                text primary key,
    starts_at           timestamptz,            -- null: since ever
    ends_at             timestamptz not null,
    contents_deleted_at timestamptz,
    written_to          boolean not null default false     -- while it was copied
);

-- On partitions that are being copied.
create function note_written_to() returns trigger language plpgsql as $$
begin
    update ledger_days set written_to = true where name = tg_argv[0] and not written_to;
    return new;
end $$;

-- What the ledger's rows said before they were dropped: events taken in (state "received", no destination) and deliveries by state,
-- by the hour in which they were accepted (UTC). Tests and news of destinations' own switches don't count.
create table statement_days (
    site_id        uuid not null,
    destination_id uuid,
    hour           timestamptz not null,
    state          text not null,
    count          bigint not null,
    unique nulls not distinct (site_id, hour, destination_id, state)
);

-- The least event id of a time: ids begin with milliseconds.
create function first_event_id(at timestamptz) returns uuid language sql immutable strict as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Made apart and then attached: that locks the default partition for a moment, which is empty, and nothing else.
create function create_ledger_day(day date) returns void language plpgsql as $$
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

-- What the default partitions hold becomes "the past", up to today or, if today has begun already, tomorrow. A partition is only
-- made quickly beside an empty default one.
do $$
declare
    midnight constant timestamptz := date_trunc('day', now(), 'UTC');
    first timestamptz := midnight;
    ledger text;
    key text;
begin
    if exists (select from lead_events_default where id >= first_event_id(midnight))
       or exists (select from deliveries_default where event_id >= first_event_id(midnight))
       or exists (select from delivery_attempts_default where event_id >= first_event_id(midnight)) then
        first := midnight + interval '24 hours';
    end if;

    foreach ledger in array array['lead_events', 'deliveries', 'delivery_attempts'] loop
        key := case ledger when 'lead_events' then 'id' else 'event_id' end;
        execute format('alter table %I detach partition %I', ledger, ledger || '_default');
        execute format('alter table %I rename to %I', ledger || '_default', ledger || '_past');
        execute format('create table %I partition of %I default', ledger || '_default', ledger);
        -- Hosts whose clocks are ahead.
        execute format('with ahead as (delete from %I where %I >= %L returning *) insert into %I select * from ahead',
                       ledger || '_past', key, first_event_id(first), ledger);
        execute format('alter table %I attach partition %I for values from (minvalue) to (%L)', ledger, ledger || '_past', first_event_id(first));
    end loop;
    insert into ledger_days (name, ends_at) values ('past', first);

    for ahead in 0..7 loop
        begin
            perform create_ledger_day(((first + ahead * interval '24 hours') at time zone 'UTC')::date);
        exception when check_violation then
            null;   -- of a host whose clock is ahead: that day stays in the default partition
        end;
    end loop;
end $$;
