-- What needs a person, and who is told of it. Never contents of leads.

alter table accounts
    add column alerts      boolean not null default true,                  -- whether it wants alerts by mail
    add column quiet_from  time,                                           -- in its time zone; alerts wait until quiet_until [data: account]
    add column quiet_until time,    -- [data: account]
    add column unsubscribe uuid not null default gen_random_uuid(),        -- who knows it may switch alerts off: it is in each mail [data: credential]
    add constraint quiet_hours_have_two_ends check ((quiet_from is null) = (quiet_until is null));
create unique index accounts_unsubscribe on accounts (unsubscribe);

-- Something that needs a person, from when it was worth telling until it was over: one row for each time. One worker at a time keeps them.
create table troubles (
    id             uuid primary key,
    subject        text not null,           -- what is in trouble, such as destination:ID; open once at a time [data: none]
    kind           text not null check (kind in (    -- [data: none]
                       'failing', 'on_hold', 'refusing_all', 'switched_off', 'certificate_expiring', 'given_up', 'silent', 'product_refused',
                       'outbox_waiting', 'set_aside')),
    told_kind      text not null,           -- the gravest kind that people were told of [data: none]
    told_count     int not null,            -- and how many they were told of
    site_id        uuid references sites (id) on delete cascade,           -- null where a product or the router is in trouble
    destination_id uuid,
    product        text,    -- [data: none]
    since          timestamptz not null,
    count          int not null,            -- how many deliveries or requests it concerns
    detail         text not null,           -- why, in words [data: none]
    found_at       timestamptz not null,
    seen_at        timestamptz not null,    -- when it was last found to be so
    ended_at       timestamptz
);
create unique index troubles_open on troubles (subject) where ended_at is null;
create index troubles_ended on troubles (ended_at) where ended_at is not null;

-- When somebody last looked at everything: one row, so that many workers look no more often than one.
create table trouble_looks (
    looked_at timestamptz not null
);
insert into trouble_looks (looked_at) values ('-infinity');

-- What is to be told of a trouble, and to whom. Claimed by a worker for as long as a mail may take, so that it is sent once.
create table alerts (
    id         uuid primary key default gen_random_uuid(),
    trouble_id uuid not null references troubles (id) on delete cascade,
    account_id uuid references accounts (id) on delete cascade,            -- null: the operators' webhook [data: alert]
    event      text not null check (event in ('raised', 'cleared')),    -- [data: none]
    kind       text not null,                                              -- the trouble's at that time [data: none]
    planned_at timestamptz not null,
    due_at     timestamptz not null,                                       -- later than planned after a failure, and while it is taken
    attempts   int not null default 0,
    error      text,                                                       -- the latest attempt's: an exception's class and a status [data: none]
    sent_at    timestamptz,
    dropped_at timestamptz                                                 -- could not be sent for three days
);
create index alerts_due on alerts (account_id, due_at) where sent_at is null and dropped_at is null;
create index alerts_sent on alerts (account_id, sent_at) where sent_at is not null;
create index alerts_trouble on alerts (trouble_id);
