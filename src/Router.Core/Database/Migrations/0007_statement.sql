-- The statement: every lead that was received is accounted for at every destination.

-- How many deliveries the plan has, written with it: what the count of its deliveries is proven against.
alter table lead_events add column planned int;

-- A site's leads by time, and over all sites by walking from site to site.
drop index lead_events_accepted;
create index lead_events_received on lead_events (site_id, accepted_at) where test is null and product <> '';

-- What became of each lead at each destination that was there: its delivery's state, or skipped: the destination was off, or not among those
-- that the sender chose. What is on its way for the first time counts as retrying. A delivery that the plan had and the ledger hasn't is
-- missing, and told at the site's Lead Manager.
create view statement_entries as
select e.site_id, x.id as destination_id, e.id as event_id, e.accepted_at,
       case when d.state in ('pending', 'retrying') then 'retrying' when d.state is not null then d.state
            when x.kind = 'lead_manager' then 'missing' else 'skipped' end as outcome,
       case when x.kind = 'lead_manager'
            then coalesce(e.planned - (select count(*) from deliveries p where p.event_id = e.id), case when d.state is null then 1 else 0 end)
            else 0 end as missing
from lead_events e
join destinations x on x.site_id = e.site_id
left join deliveries d on d.event_id = e.id and d.destination_id = x.id
where e.test is null and e.product <> ''
  and (d.state is not null or e.accepted_at >= x.created_at and e.accepted_at < coalesce(x.deleted_at, 'infinity'));

-- By site, destination and hour of acceptance: received = delivered + rejected + retrying + held + dead + canceled + skipped, and missing is 0.
create view statement as
select site_id, destination_id, date_trunc('hour', accepted_at, 'UTC') as hour, count(*) as received,
       count(*) filter (where outcome = 'delivered') as delivered, count(*) filter (where outcome = 'rejected') as rejected,
       count(*) filter (where outcome = 'retrying') as retrying, count(*) filter (where outcome = 'held') as held,
       count(*) filter (where outcome = 'dead') as dead, count(*) filter (where outcome = 'canceled') as canceled,
       count(*) filter (where outcome = 'skipped') as skipped, sum(missing)::bigint as missing
from statement_entries
group by site_id, destination_id, date_trunc('hour', accepted_at, 'UTC');
