-- Messages that can't be taken: nobody can read them, they are too large, their site isn't there, or something of ours fails on them. Kept here until an
-- operator sends them again, corrects or deletes them; what was behind them in the queue goes on.
create table set_aside (
    id           uuid primary key default gen_random_uuid(),
    set_aside_at timestamptz not null default now(),
    queue        text not null,          -- where it came from, and goes when it is sent again
    reason       text not null check (reason in ('unreadable', 'too_large', 'unknown_site', 'refused', 'failed', 'error_queue')),
    detail       text,                   -- the kind of exception and the SQLSTATE; never contents
    event_id     uuid,                   -- these are null where they can't be read
    site_id      uuid,
    lead_id      uuid,
    action       text,
    accepted_at  timestamptz,
    size         bigint not null,
    digest       bytea not null,         -- SHA-256 of the message: set aside twice, it is one
    message      bytea,                  -- null once the contents are deleted
    unique (queue, digest)
);
-- Lists, newest first; the statement's and an erasure's look-up.
create index on set_aside (set_aside_at, id);
create index on set_aside (site_id, lead_id) where site_id is not null;

-- What is sent again may have been planned before: workers must be told.
alter table lead_outbox
    add column queue text not null default 'lead-events',
    add column again boolean not null default false;

-- An operator who looks at a lead's contents leaves a word.
alter table audit_log drop constraint audit_log_action_check;
alter table audit_log add constraint audit_log_action_check check (action in ('created', 'changed', 'deleted', 'shown'));
