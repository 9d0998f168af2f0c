-- Hosts cache sites, destinations and products. A change is in force within a second on each of them: they listen, and those that can't (a pooler of
-- connections would hear it in their place) read directory_changes.

create table directory_changes (
    payload text not null,    -- [data: none]
    xid     xid8 not null default pg_current_xact_id(),    -- commits come in another order, so readers go by snapshots
    at      timestamptz not null default now()
);
create index directory_changes_xid on directory_changes (xid);

create function notify_directory() returns trigger language plpgsql as $$
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

create trigger sites_notify after insert or update or delete on sites for each row execute function notify_directory();
create trigger destinations_notify after insert or update or delete on destinations for each row execute function notify_directory();
create trigger products_notify after insert or update or delete on products for each row execute function notify_directory();
create trigger product_sites_notify after insert or update or delete on product_sites for each row execute function notify_directory();
