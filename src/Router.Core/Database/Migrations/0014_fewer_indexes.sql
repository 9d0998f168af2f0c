-- Each lead writes to every index of the ledger, for each of its deliveries twice. A site's deliveries are found by its destinations instead,
-- of which it has few: one index less is up to a fifth of what Postgres costs.
drop index deliveries_newest;

-- Also those that are deleted: their deliveries are still listed.
create index destinations_of_site on destinations (site_id);

-- What is rare in a list is found without reading all that went well; a lead that gets through writes nothing to these.
drop index deliveries_dead_of_destination;
create index deliveries_dead_of_destination on deliveries (destination_id, accepted_at desc, event_id desc) where state = 'dead';
create index deliveries_refused on deliveries (destination_id, accepted_at desc, event_id desc) where state in ('rejected', 'canceled');
