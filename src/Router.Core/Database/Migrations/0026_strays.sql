-- Contents that come into a day after it was emptied (an event moved back from an error queue) are noted, so that retention finds them without
-- reading all of its days again and again.
comment on column ledger_days.written_to is 'While its contents are dropped, and after that: an event came into it.';

-- Days that were emptied before.
do $$
declare
    day text;
begin
    for day in select name from ledger_days where contents_deleted_at is not null loop
        execute format('create or replace trigger note_written_to after insert on %I for each row execute function note_written_to(%L)', 'lead_events_' || day, day);
    end loop;
    update ledger_days set written_to = true where contents_deleted_at is not null;
end $$;
