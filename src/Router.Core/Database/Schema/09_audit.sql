-- Who did what. Written by triggers, so that no change of the configuration goes by unseen, whoever makes it.

create table audit_log (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    actor      text not null,    -- [data: actor]
    action     text not null check (action in ('created', 'changed', 'deleted', 'shown')),     -- shown: an operator looked at a lead's contents [data: none]
    kind       text not null,           -- the table [data: none]
    subject_id text not null,    -- [data: actor]
    subject    text not null,           -- its name at that time [data: actor]
    site_id    uuid,
    changes    jsonb not null           -- column: [before, after]; of a secret only that it changed, of a long value its length and SHA-256 [data: actor]
);
create index audit_log_site on audit_log (site_id, id desc);

-- Who signed in and out on the pages, who was not let in, what was refused. What is the same within an hour is one row that counts; an hour has a limited number
-- of rows (AccessLog.cs). An e-mail is that of an account, never what a stranger typed.
create table access_log (
    id         bigint generated always as identity primary key,
    hour       timestamptz not null,                            -- its start
    first_at   timestamptz not null default now(),
    last_at    timestamptz not null default now(),
    what       text not null check (what in ('signed_in', 'wrong_password', 'wrong_second_step', 'locked', 'signed_out', 'confirmed', 'not_confirmed', 'refused')),    -- [data: none]
    account_id uuid,                                            -- null: there is no such account, or too much happened within the hour [data: access]
    email      text not null,                                   -- its e-mail then [data: access]
    how        text not null,    -- [data: access]
    address    text not null,    -- [data: access]
    browser    text not null,                                   -- in two or three words [data: access]
    detail     text not null,                                   -- what was refused, who ended a session [data: access]
    count      bigint not null default 1,
    unique nulls not distinct (hour, what, account_id, how, address, browser, detail)
);
create index access_log_account on access_log (account_id, id);

-- A value for the log, which is kept for good: of one that is long, how long it was and its SHA-256 tell whether it was this one or that. Not longer itself than what
-- it stands for.
create function audited(value jsonb) returns jsonb language sql stable as $$
    select case when length(value #>> '{}') > 2000
                then jsonb_build_object('characters', length(value #>> '{}'), 'sha256', encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'))
                else value end
$$;

create function audit() returns trigger language plpgsql as $$
declare
    secrets constant text[] := array['secret', 'previous_secret', 'header_values', 'oauth_client_secret', 'client_certificate', 'password_sha256', 'previous_password_sha256', 'password_hash', 'token_sha256', 'codes_sha256'];
    ignored constant text[] := array['id', 'created_at', 'stamp', 'failed_sign_ins', 'locked_until', 'last_used_at', 'settings_changed_at', 'proven_at', 'previous_secret', 'expires_at', 'made_at', 'since', 'let_in_by', 'unsubscribe', 'is_vouched', 'is_shown', 'password_changed_at', 'role_from_claim', 'from_claim', 'last_step', 'credential_id', 'public_key', 'sign_count', 'asked_at'];
    before jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
    after jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    thing jsonb := before || after;
    changed jsonb;
begin
    select coalesce(jsonb_object_agg(key, case when key = any (secrets) then '"changed"'::jsonb else jsonb_build_array(audited(before -> key), audited(after -> key)) end), '{}')
    into changed
    from jsonb_object_keys(thing) as key
    where not key = any (ignored)
      -- The same secret with another key: KeyRotation.cs. All else is told.
      and not (key = any (secrets) and current_setting('router.reencrypts', true) is not distinct from 'on' and key not like '%sha256' and key not like '%hash')
      and coalesce(nullif(before -> key, 'null'), '""') is distinct from coalesce(nullif(after -> key, 'null'), '""');
    if changed = '{}' then
        return null;
    end if;
    insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
    values (coalesce(nullif(current_setting('router.actor', true), ''), 'database: ' || session_user),
            case tg_op when 'INSERT' then 'created' when 'DELETE' then 'deleted' else 'changed' end,
            tg_table_name,
            coalesce(thing ->> 'id', thing ->> 'username', thing ->> 'product', thing ->> 'account_id'),
            coalesce(thing ->> 'name', thing ->> 'email', thing ->> 'username', thing ->> 'product',
                     (select email from accounts where id = (thing ->> 'account_id')::uuid), ''),
            coalesce(thing ->> 'site_id', case when tg_table_name = 'sites' then thing ->> 'id' end)::uuid,
            changed);
    return null;
end $$;

create trigger sites_audit after insert or update or delete on sites for each row execute function audit();
create trigger destinations_audit after insert or update or delete on destinations for each row execute function audit();
create trigger products_audit after insert or update or delete on products for each row execute function audit();
create trigger product_sites_audit after insert or update or delete on product_sites for each row execute function audit();
create trigger integrations_audit after insert or update or delete on integrations for each row execute function audit();
create trigger accounts_audit after insert or update or delete on accounts for each row execute function audit();
create trigger account_sites_audit after insert or update or delete on account_sites for each row execute function audit();
create trigger account_logins_audit after insert or update or delete on account_logins for each row execute function audit();
create trigger invitations_audit after insert or update or delete on invitations for each row execute function audit();
create trigger api_tokens_audit after insert or update or delete on api_tokens for each row execute function audit();
