-- What was announced lately, for hosts that can't listen: a pooler of connections would hear it in their place.
create table directory_changes (
    payload text not null,
    xid     xid8 not null default pg_current_xact_id(),    -- commits come in another order, so readers go by snapshots
    at      timestamptz not null default now()
);
create index directory_changes_xid on directory_changes (xid);

create or replace function notify_directory() returns trigger language plpgsql as $$
declare
    changed text;
begin
    if tg_table_name = 'sites' then
        changed := 'site ' || coalesce(new.id, old.id);
    elsif tg_table_name = 'destinations' then
        changed := 'site ' || coalesce(new.site_id, old.site_id);
    elsif tg_table_name = 'products' then
        changed := 'product ' || coalesce(new.username, old.username);
    else
        changed := 'product ' || coalesce(new.product, old.product);
    end if;
    perform pg_notify('router_directory', changed);
    insert into directory_changes (payload) values (changed);
    return null;
end $$;
