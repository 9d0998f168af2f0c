-- What operators look at over all sites: few rows among very many, so that each index holds those few only.

-- Given up: the newest first over all sites, and of each destination. Nothing is written here while a lead gets through.
create index deliveries_dead on deliveries (accepted_at desc, event_id desc, destination_id desc) where state = 'dead' and not is_test;
create index deliveries_dead_of_destination on deliveries (destination_id, accepted_at desc, event_id desc) where state = 'dead' and not is_test;

-- How much was taken in lately. Times only rise, so an entry costs the end of one page.
create index lead_events_accepted on lead_events (accepted_at) where test is null and product <> '';
