-- Requests with an Idempotency-Key, so that another body under the same key is refused instead of dropped: hashes alone, for 24 hours.
create table idempotency_keys (
    -- Product, site, method, path and key.
    identity    uuid primary key,
    body        uuid not null,
    accepted_at timestamptz not null
);

create index idempotency_keys_accepted_at on idempotency_keys using brin (accepted_at);
