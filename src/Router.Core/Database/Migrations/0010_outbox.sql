-- Accepted events that the broker could not confirm: kept here until it takes them, in the order in which they came.
create table lead_outbox (
    id       bigint generated always as identity primary key,
    event_id uuid not null,
    message  bytea not null,            -- as it is to be published
    kept_at  timestamptz not null default now()
);
