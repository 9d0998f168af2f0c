-- Accepted events that the broker could not confirm: kept here until it takes them, in the order in which they came.
create table lead_outbox (
    id      bigint generated always as identity primary key,
    kept_at timestamptz not null default now(),
    message bytea not null              -- what is to be published, as it is to be published
);
