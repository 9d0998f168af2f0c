-- A destination that keeps failing is paused: what it should get is held, not given up, until a probe gets through.

alter table destinations
    add column paused_at timestamptz,
    add column paused_by text check (paused_by in ('owner', 'router')),
    add column pause_reason text,
    add constraint paused_by_somebody check ((paused_at is null) = (paused_by is null)),
    -- Off is off: what waits is canceled, and there is nothing to hold.
    add constraint paused_is_active check (paused_at is null or active);

-- Of destinations in trouble only: how many failures in a row, and since when. Gone with the first success. No foreign key, for the
-- reason that the ledger has none.
create table destination_failures (
    destination_id uuid primary key,
    failures       int not null check (failures > 0),
    since          timestamptz not null,
    probe_event_id uuid,                    -- the held delivery that tries whether it is well again
    probe_at       timestamptz,             -- when the next one may
    probe_interval interval
);

-- Of destinations that are well again and have held deliveries: how many are let go at once, doubled each time.
create table destination_drains (
    destination_id uuid primary key,
    batch          int not null default 1 check (batch > 0)
);

create index deliveries_held on deliveries (destination_id, accepted_at) where state = 'held';

-- Deactivating ends a pause, whoever deactivates.
create function end_pause() returns trigger language plpgsql as $$
begin
    new.paused_at := null;
    new.paused_by := null;
    new.pause_reason := null;
    return new;
end $$;

create trigger destinations_end_pause before update on destinations
    for each row when (not new.active and new.paused_at is not null) execute function end_pause();
