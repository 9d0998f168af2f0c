-- The last that a destination hears of its Active flag is what it is: a notice that still waits when the flag changes again is canceled.
create index lead_events_notices on lead_events (site_id, accepted_at) where action in ('integration_enabled', 'integration_disabled');

create or replace function announce_active() returns trigger language plpgsql as $$
declare
    event uuid := uuid_v7();
begin
    -- Also where no other notice follows: a receiver that answered 410 wants none at all.
    update deliveries d
    set state = case when d.delivered_at is null then 'canceled' else 'delivered' end, next_attempt_at = null, leased_until = null, finished_at = now()
    from lead_events e
    where e.site_id = new.site_id and e.action in ('integration_enabled', 'integration_disabled')
      and d.event_id = e.id and d.destination_id = new.id and d.state in ('pending', 'retrying', 'held');

    if new.inactive_reason is null then
        insert into lead_events (id, site_id, action, lead_id_text, product, source_system, accepted_at, body)
        values (event, new.site_id, case when new.active then 'integration_enabled' else 'integration_disabled' end, event::text, '', '', now(), '{}');
        insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, accepted_at)
        values (event, new.id, new.site_id, 'retrying', now(), now());
    end if;
    return null;
end $$;
