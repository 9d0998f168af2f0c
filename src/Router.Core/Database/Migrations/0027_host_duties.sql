-- What each host last said of the things that it has to do again and again: for the operator's page.
create table host_duties (
    host            text not null,
    process_id      int not null,
    program         text not null,
    started_at      timestamptz not null,
    duty            text not null,
    last_success_at timestamptz,            -- null: not yet
    last_error      text,                   -- the class of the exception and the SQLSTATE, never a text
    is_late         boolean not null,       -- by the host's own clock
    reported_at     timestamptz not null,
    primary key (host, process_id, duty)
);
