-- Each lead writes to every index of the ledger, for each of its deliveries twice. A site's deliveries are found by its destinations instead,
-- of which it has few: one index less is a fifth of what Postgres costs.
drop index deliveries_newest;
