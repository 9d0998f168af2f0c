-- Which destinations are paused, over all sites: operators look for them among tens of thousands.
create index destinations_paused on destinations (id) where paused_at is not null;
