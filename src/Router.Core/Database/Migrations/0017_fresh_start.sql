-- Whoever ends a pause or switches a destination on again wants it to be tried: the failures of before would pause it within the second. Nor is
-- what probed it then a probe any more.
create function forget_failures() returns trigger language plpgsql as $$
begin
    delete from destination_failures where destination_id = new.id;
    return null;
end $$;

create trigger destinations_forget_failures after update on destinations
    for each row when ((old.paused_at is not null and new.paused_at is null) or (new.active and not old.active))
    execute function forget_failures();

-- Mended by hand: the next probe needn't wait for as long as the failures before have earned.
create function probe_at_once() returns trigger language plpgsql as $$
begin
    update destination_failures set probe_at = now(), probe_interval = null where destination_id = new.id;
    return null;
end $$;

create trigger destinations_probe_at_once after update on destinations
    for each row when (new.paused_by = 'router' and (old.url, old.secret, old.signature, old.partner_id) is distinct from (new.url, new.secret, new.signature, new.partner_id))
    execute function probe_at_once();
