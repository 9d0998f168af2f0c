-- The rest of the contract: users, signatures and their rotation, integration events, chosen destinations.

-- Users of a site, as Lead Manager last told them.
create table users (
    site_id    uuid not null references sites (id) on delete cascade,
    user_id    text not null check (user_id <> '' and length(user_id) <= 200),
    body       bytea not null,          -- as it came, for the reason that leads are
    updated_at timestamptz not null default now(),
    primary key (site_id, user_id)
);

alter table destinations
    drop constraint destinations_url_check,
    add constraint destinations_url_check check (url ~* '^https?://[^[:space:]]+$'),
    add column signature text not null default 'lead_router' check (signature in ('lead_router', 'standard_webhooks', 'both')),
    add column previous_secret text check (previous_secret <> ''),
    add column previous_secret_until timestamptz,
    add constraint previous_secret_ends check ((previous_secret is null) = (previous_secret_until is null)),
    add constraint standard_webhooks_secret check (signature = 'lead_router' or secret ~ '^whsec_[A-Za-z0-9+/]+=*$');

-- A user's id is its Lead Manager's text, and an integration event is about no lead: only leads have a UUID.
alter table lead_events
    alter column lead_id drop not null,
    add column unknown_destinations text[];     -- names of X-ROUTER-DESTINATIONS that are no active destination

-- By time of acceptance: an event id made from an Idempotency-Key begins with its day only.
drop index deliveries_newest;
create index deliveries_newest on deliveries (site_id, accepted_at desc, event_id desc, destination_id desc);

-- A UUID of version 7: it begins with the time in milliseconds, as the ids that the hosts make.
create function uuid_v7() returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
            || substr(replace(gen_random_uuid()::text, '-', ''), 14, 19))::uuid
$$;

-- Tells a destination when its Active flag changes, whoever changed it. The event and its only delivery are written with the
-- change itself, due at once: no change without its message, no message without its change. A receiver that answered 410
-- (then there is a reason) wants no more messages.
create function announce_active() returns trigger language plpgsql as $$
declare
    event uuid := uuid_v7();
begin
    if new.inactive_reason is null then
        insert into lead_events (id, site_id, action, lead_id_text, product, source_system, accepted_at, body)
        values (event, new.site_id, case when new.active then 'integration_enabled' else 'integration_disabled' end, event::text, '', '', now(), '{}');
        insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, accepted_at)
        values (event, new.id, new.site_id, 'retrying', now(), now());
    end if;
    return null;
end $$;

create trigger destinations_announce_active after update of active on destinations
    for each row when (old.active is distinct from new.active) execute function announce_active();
