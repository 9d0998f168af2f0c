-- Who may configure what, the catalogue of integrations, encrypted secrets, test deliveries, and who did what.

-- People. An account without a password waits for its invitation to be accepted.
create table accounts (
    id              uuid primary key,
    email           text not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),
    role            text not null check (role in ('owner', 'operator')),
    password_hash   text,                                       -- in the format of ASP.NET Core Identity
    stamp           uuid not null default gen_random_uuid(),    -- changes with the password: every session ends
    failed_sign_ins int not null default 0,
    locked_until    timestamptz,
    time_zone       text not null default 'Etc/UTC',            -- in which its pages tell times
    created_at      timestamptz not null default now(),
    disabled_at     timestamptz
);
create unique index accounts_email on accounts (email);

create table account_sites (
    account_id uuid not null references accounts (id) on delete cascade,
    site_id    uuid not null references sites (id) on delete cascade,
    primary key (account_id, site_id)
);
create index account_sites_site on account_sites (site_id);

-- One-time links with which an account's password is chosen. One for each account: a new one ends the one before.
create table invitations (
    account_id   uuid primary key references accounts (id) on delete cascade,
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
    expires_at   timestamptz not null
);

-- Bearer tokens of the management API: 256 random bits, so one SHA-256 is enough. Revoked ones stay, so that they stay revoked.
create table api_tokens (
    id           uuid primary key,
    account_id   uuid not null references accounts (id) on delete cascade,
    name         text not null check (name <> '' and length(name) <= 200),
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
create index api_tokens_account on api_tokens (account_id, created_at);

-- The key ring of ASP.NET Core Data Protection; encrypted itself when a certificate is configured.
create table data_protection_keys (
    name       text primary key,
    xml        text not null,
    created_at timestamptz not null default now()
);

-- Registered integrations, made by third parties.
create table integrations (
    id                    uuid primary key,
    name                  text not null check (name <> ''),
    description           text not null check (description <> ''),
    url                   text not null check (url ~* '^https?://[^[:space:]]+$'),
    secret                text not null check (secret <> ''),
    previous_secret       text,
    previous_secret_until timestamptz,
    signature             text not null default 'lead_router' check (signature in ('lead_router', 'standard_webhooks', 'both')),
    partner_id_label      text not null default 'Partner ID' check (partner_id_label <> ''),
    partner_id_help       text not null default '',
    published             boolean not null default false,
    created_at            timestamptz not null default now(),
    constraint previous_secret_ends check ((previous_secret is null) = (previous_secret_until is null))
);

alter table sites add column require_proven boolean not null default false;

alter table destinations
    add column integration_id uuid references integrations (id),
    add column settings_changed_at timestamptz not null default now(),      -- URL, secret, signature or Partner ID
    add column proven_at timestamptz,                                       -- passed the go-live check with these settings
    add constraint registered_has_an_integration check ((kind = 'registered') = (integration_id is not null)),
    drop constraint standard_webhooks_secret;   -- checked before it is encrypted
create index destinations_integration on destinations (integration_id) where integration_id is not null;
create unique index destinations_integration_once on destinations (site_id, integration_id) where deleted_at is null;

-- From here on secrets are encrypted by the hosts. What is there is marked, and encrypted when a host starts.
update destinations set secret = 'plain:' || secret, previous_secret = 'plain:' || previous_secret;

-- An integration's destinations follow it.
create function follow_integration() returns trigger language plpgsql as $$
begin
    update destinations
    set url = new.url, secret = new.secret, previous_secret = new.previous_secret, previous_secret_until = new.previous_secret_until, signature = new.signature
    where integration_id = new.id;
    return null;
end $$;

create trigger integrations_are_followed after update of url, secret, previous_secret, previous_secret_until, signature on integrations
    for each row execute function follow_integration();

-- What was proven with other settings isn't proven.
create function forget_proof() returns trigger language plpgsql as $$
begin
    if (old.url, old.secret, old.signature) is distinct from (new.url, new.secret, new.signature) then
        new.proven_at := null;
    end if;
    new.settings_changed_at := now();
    return new;
end $$;

create trigger destinations_forget_proof before update on destinations
    for each row when ((old.url, old.secret, old.signature, old.partner_id) is distinct from (new.url, new.secret, new.signature, new.partner_id))
    execute function forget_proof();

create function require_proof() returns trigger language plpgsql as $$
begin
    if exists (select from sites where id = new.site_id and require_proven) then
        raise exception 'destination % has not passed the go-live check that its site requires', new.id
            using errcode = 'check_violation', constraint = 'active_is_proven';
    end if;
    return new;
end $$;

-- Only when it is switched on: one whose settings change while it is on stays on, or leads would be missed.
create trigger destinations_require_proof before insert on destinations
    for each row when (new.active and new.kind <> 'lead_manager' and new.proven_at is null) execute function require_proof();
create trigger destinations_require_proof_again before update on destinations
    for each row when (new.active and not old.active and new.kind <> 'lead_manager' and new.proven_at is null) execute function require_proof();

-- A test lead goes to one destination, active or not, and isn't counted among the leads.
alter table lead_events add column test text check (test in ('once', 'twice', 'wrong_signature'));
alter table deliveries add column is_test boolean not null default false;
create index deliveries_of_destination on deliveries (destination_id, accepted_at desc, event_id desc);

-- Who did what. Written by triggers, so that no change of the configuration goes by unseen, whoever makes it.
create table audit_log (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    actor      text not null,
    action     text not null check (action in ('created', 'changed', 'deleted')),
    kind       text not null,           -- the table
    subject_id text not null,
    subject    text not null,           -- its name at that time
    site_id    uuid,
    changes    jsonb not null           -- column: [before, after]; of a secret only that it changed
);
create index audit_log_site on audit_log (site_id, id desc);

create function audit() returns trigger language plpgsql as $$
declare
    secrets constant text[] := array['secret', 'previous_secret', 'password_sha256', 'password_hash', 'token_sha256'];
    ignored constant text[] := array['id', 'created_at', 'stamp', 'failed_sign_ins', 'locked_until', 'last_used_at', 'settings_changed_at', 'proven_at', 'previous_secret', 'expires_at'];
    before jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
    after jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    thing jsonb := before || after;
    changed jsonb;
begin
    select coalesce(jsonb_object_agg(key, case when key = any (secrets) then '"changed"'::jsonb else jsonb_build_array(before -> key, after -> key) end), '{}')
    into changed
    from jsonb_object_keys(thing) as key
    where not key = any (ignored)
      and coalesce(nullif(before -> key, 'null'), '""') is distinct from coalesce(nullif(after -> key, 'null'), '""')
      and not coalesce(before ->> key like 'plain:%', false);
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
create trigger invitations_audit after insert or update or delete on invitations for each row execute function audit();
create trigger api_tokens_audit after insert or update or delete on api_tokens for each row execute function audit();
