-- The statement: every lead that was received is accounted for at every destination.

-- What the ledger's rows said before they were dropped: by the hour in which events were accepted (UTC), how many each destination received, skipped
-- and missed, and what became of the rest. Tests and news of destinations' own switches don't count.
create table statement_days (
    site_id        uuid not null,
    destination_id uuid not null,
    hour           timestamptz not null,
    state          text not null,              -- received, missing, or an outcome [data: none]
    count          bigint not null,
    unique nulls not distinct (site_id, hour, destination_id, state)
);

-- What became of each lead at each destination that was there: its delivery's state, or skipped: the destination was off, or not among those that the
-- sender chose. What has no row yet is on its way, and after a day it is missing where it was to go: then something of ours lost it.
create view statement_entries as
select site_id, destination_id, event_id, accepted_at, outcome, case when outcome = 'missing' then 1 else 0 end as missing
from (
    select e.site_id, x.id as destination_id, e.id as event_id, e.accepted_at,
           case when d.state is not null then d.state
                when awaits_first_outcome(e.destinations, x.id, e.planned_at) then 'retrying'
                when x.kind = 'lead_manager' or x.id = any (e.destinations) then 'missing'
                else 'skipped' end as outcome
    from lead_events e
    join destinations x on x.site_id = e.site_id
    left join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
    where e.test is null and e.product <> ''
      and (d.state is not null or x.id = any (e.destinations) or e.accepted_at >= x.created_at and e.accepted_at < coalesce(x.deleted_at, 'infinity'))
) entries;

-- By site, destination and hour of acceptance: received = delivered + rejected + retrying + held + dead + canceled + skipped, and missing is 0. A day is
-- dropped in the transaction that writes its counts, so each lead is counted once.
create view statement as
select site_id, destination_id, hour, sum(received)::bigint as received,
       sum(delivered)::bigint as delivered, sum(rejected)::bigint as rejected, sum(retrying)::bigint as retrying, sum(held)::bigint as held,
       sum(dead)::bigint as dead, sum(canceled)::bigint as canceled, sum(skipped)::bigint as skipped, sum(missing)::bigint as missing
from (
    select site_id, destination_id, date_trunc('hour', accepted_at, 'UTC') as hour, count(*) as received,
           count(*) filter (where outcome = 'delivered') as delivered, count(*) filter (where outcome = 'rejected') as rejected,
           count(*) filter (where outcome = 'retrying') as retrying, count(*) filter (where outcome = 'held') as held,
           count(*) filter (where outcome = 'dead') as dead, count(*) filter (where outcome = 'canceled') as canceled,
           count(*) filter (where outcome = 'skipped') as skipped, sum(missing) as missing
    from statement_entries
    group by site_id, destination_id, date_trunc('hour', accepted_at, 'UTC')
    union all
    select site_id, destination_id, hour, case when state = 'received' then count else 0 end,
           case when state = 'delivered' then count else 0 end, case when state = 'rejected' then count else 0 end, 0, 0,
           case when state = 'dead' then count else 0 end, case when state = 'canceled' then count else 0 end,
           case when state = 'skipped' then count else 0 end, case when state = 'missing' then count else 0 end
    from statement_days
) hours
group by site_id, destination_id, hour;
