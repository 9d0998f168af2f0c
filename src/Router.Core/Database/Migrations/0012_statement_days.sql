-- The statement goes on where the ledger ends: days whose rows were dropped say by destination what they received, skipped and missed.

-- An older worker may be dropping a day: what it counts comes first.
lock table statement_days in access exclusive mode;

-- Days that were dropped before this knew what came in by site only. In an hour in which a destination was made or deleted nobody knows any
-- more how many leads came while it was there: it received what it got.
insert into statement_days (site_id, destination_id, hour, state, count)
select r.site_id, x.id, r.hour, s.state, s.count
from statement_days r
join destinations x on x.site_id = r.site_id
cross join lateral (
    select coalesce(sum(d.count), 0)::bigint as count from statement_days d where d.site_id = r.site_id and d.hour = r.hour and d.destination_id = x.id
) got
cross join lateral (
    select case when r.hour >= x.created_at and r.hour + interval '1 hour' <= coalesce(x.deleted_at, 'infinity') then greatest(r.count, got.count) else got.count end as count
) received
cross join lateral (
    values ('received', received.count), (case when x.kind = 'lead_manager' then 'missing' else 'skipped' end, received.count - got.count)
) s (state, count)
where r.destination_id is null and r.state = 'received' and s.count > 0;

delete from statement_days where destination_id is null;
alter table statement_days alter column destination_id set not null;
comment on table statement_days is 'What the statement said of days before their rows were dropped, as rows: state is received, missing or an outcome.';

-- A day is dropped in the transaction that writes its counts, so each lead is counted once.
create or replace view statement as
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
