-- Requests in flight at a destination, from each worker; null for the default.
alter table destinations add column max_in_flight int check (max_in_flight between 1 and 10000);

-- Due retries are taken destination by destination, so that the backlog of one never stands before the few of another.
drop index deliveries_due;
create index deliveries_due on deliveries (destination_id, next_attempt_at) where state = 'retrying';

-- A reason for being inactive ends with being inactive, whoever switches it on; else the next change would not be announced.
create function forget_inactive_reason() returns trigger language plpgsql as $$
begin
    new.inactive_reason := null;
    return new;
end $$;

create trigger destinations_forget_inactive_reason before update on destinations
    for each row when (new.active and new.inactive_reason is not null) execute function forget_inactive_reason();
