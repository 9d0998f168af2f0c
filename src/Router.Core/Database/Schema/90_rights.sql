-- Hosts may have a role of their own, which owns nothing: HostsRights.cs says what it may do.

-- Functions that work with their owner's rights find nothing but what is in this schema, whatever their caller has made elsewhere.
do $$
declare
    owned regprocedure;
begin
    for owned in select oid from pg_proc where pronamespace = current_schema()::regnamespace and prosecdef loop
        execute format('alter function %s set search_path = %I, pg_temp', owned, current_schema());
        execute format('revoke execute on function %s from public', owned);
    end loop;
end $$;
