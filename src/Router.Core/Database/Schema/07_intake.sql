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
