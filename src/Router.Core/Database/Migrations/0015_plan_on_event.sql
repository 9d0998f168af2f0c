-- The plan is part of the event: where it goes. A delivery's row begins with its first outcome, which for most is the last one too: written once
-- instead of twice, a third of what Postgres costs for a lead. Events of before have a row for each delivery, as have tests and news of a switch.
alter table lead_events add column destinations uuid[];
comment on column lead_events.destinations is 'The plan. Of these, what has no row in deliveries waits for the first outcome; null where each had its row at once.';
comment on column lead_events.planned is 'How many deliveries there are; only where destinations is null.';

-- Whether a planned delivery without a row is still on its way: its event is in a worker's hands, or back at the broker for another one. A day is
-- more than workers are away for; what nobody has recorded by then is lost.
create function awaits_first_outcome(destinations uuid[], destination uuid, planned_at timestamptz) returns boolean
language sql stable as $$ select coalesce(destination = any (destinations) and planned_at > now() - interval '1 day', false) $$;

-- As before, but for what has no row: it is on its way, and after a day it is missing where it was to go.
create or replace view statement_entries as
select e.site_id, x.id as destination_id, e.id as event_id, e.accepted_at,
       case when d.state in ('pending', 'retrying') then 'retrying' when d.state is not null then d.state
            when awaits_first_outcome(e.destinations, x.id, e.planned_at) then 'retrying'
            when x.kind = 'lead_manager' or x.id = any (e.destinations) then 'missing' else 'skipped' end as outcome,
       case when e.destinations is not null
            then case when d.state is null and (x.kind = 'lead_manager' or x.id = any (e.destinations))
                           and not awaits_first_outcome(e.destinations, x.id, e.planned_at) then 1 else 0 end
            when x.kind = 'lead_manager'
            then coalesce(e.planned - (select count(*) from deliveries p where p.event_id = e.id), case when d.state is null then 1 else 0 end)
            else 0 end as missing
from lead_events e
join destinations x on x.site_id = e.site_id
left join deliveries d on d.event_id = e.id and d.destination_id = x.id
where e.test is null and e.product <> ''
  and (d.state is not null or x.id = any (e.destinations) or e.accepted_at >= x.created_at and e.accepted_at < coalesce(x.deleted_at, 'infinity'));
