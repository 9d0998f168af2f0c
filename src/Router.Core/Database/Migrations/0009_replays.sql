-- Replays of many deliveries: worked off in small steps by the workers, watched and canceled by people.
create table replays (
    id             uuid primary key,
    site_id        uuid not null references sites (id),
    destination_id uuid,
    state          text,
    lead_id        uuid,
    last_status    int,
    last_error     text,
    from_time      timestamptz,
    to_time        timestamptz,
    missed         boolean not null default false,      -- leads that the destination was never meant to get: it was off
    total          int not null check (total >= 0),     -- counted when it was asked for
    replayed       int not null default 0,
    created_by     text not null,
    created_at     timestamptz not null default now(),
    finished_at    timestamptz,
    canceled_at    timestamptz,
    constraint missed_at_one_destination check (not missed or destination_id is not null and from_time is not null),
    constraint canceled_is_finished check (canceled_at is null or finished_at is not null)
);
create index replays_running on replays (created_at) where finished_at is null;
create index replays_of_site on replays (site_id, created_at desc);
