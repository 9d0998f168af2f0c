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
