-- A replay takes nothing from its receiver: what was delivered once stays delivered, whatever the replay comes to.

-- When a delivery that is sent again was delivered first; null for all that never was sent again.
alter table deliveries add column delivered_at timestamptz;
