-- What 0014 left to be read as a whole. Some databases have these already: it said so itself for a day.

-- Also those that are deleted: their deliveries are still listed.
create index if not exists destinations_of_site on destinations (site_id);

-- What is rare in a list is found without reading all that went well; a lead that gets through writes nothing to these.
drop index if exists deliveries_dead_of_destination;
create index deliveries_dead_of_destination on deliveries (destination_id, accepted_at desc, event_id desc) where state = 'dead';
create index if not exists deliveries_refused on deliveries (destination_id, accepted_at desc, event_id desc) where state in ('rejected', 'canceled');
