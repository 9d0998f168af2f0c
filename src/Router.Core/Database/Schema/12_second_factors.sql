-- What an account shows besides its password, or instead of it.

-- The app that makes codes of six digits (TOTP, RFC 6238). There is none before a code of it was entered.
create table authenticator_apps (
    account_id   uuid primary key references accounts (id) on delete cascade,
    secret       text not null,                             -- encrypted [data: secret]
    last_step    bigint not null,                           -- of the newest code that was taken: neither that nor an older one is taken again
    created_at   timestamptz not null default now(),
    last_used_at timestamptz
);

-- Passkeys and security keys (WebAuthn).
create table passkeys (
    id            uuid primary key,
    account_id    uuid not null references accounts (id) on delete cascade,
    name          text not null check (name <> '' and length(name) <= 100),    -- [data: account]
    credential_id bytea not null unique,    -- [data: credential]
    public_key    bytea not null,                           -- in the format of COSE [data: credential]
    sign_count    bigint not null,                          -- how often it has signed, by its own count; 0 for those that don't count
    asked_at      timestamptz not null,                     -- when the newest challenge that it answered was made: no older one is taken again
    copied_at     timestamptz,                              -- when its count didn't grow: there are two of it, and neither is taken any more
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz
);
create index passkeys_account on passkeys (account_id, created_at);

-- Codes for whoever has lost the others: 120 random bits each, so one SHA-256 is enough. A used one is taken out.
create table recovery_codes (
    account_id   uuid primary key references accounts (id) on delete cascade,
    codes_sha256 bytea[] not null,    -- [data: credential]
    codes_left   int generated always as (cardinality(codes_sha256)) stored,        -- for the audit log
    created_at   timestamptz not null default now()
);

-- Wrong codes since the last right one. Each fifth locks the second step, for longer each time; passkeys can't be guessed and go on.
create table wrong_codes (
    account_id   uuid primary key references accounts (id) on delete cascade,
    count        int not null,
    locked_until timestamptz
);

-- Whether there were any.
create function remove_second_factors(whose uuid) returns boolean language plpgsql as $$
declare
    had boolean;
begin
    -- Behind whoever sets one up at this moment.
    perform from accounts where id = whose for no key update;
    had := exists (select from authenticator_apps where account_id = whose) or exists (select from passkeys where account_id = whose);
    delete from authenticator_apps where account_id = whose;
    delete from passkeys where account_id = whose;
    delete from recovery_codes where account_id = whose;
    delete from wrong_codes where account_id = whose;
    return had;
end $$;

-- Whoever disables an account ends all that it could sign in with.
create function remove_disabled_factors() returns trigger language plpgsql as $$
begin
    perform remove_second_factors(new.id);
    return null;
end $$;

create trigger accounts_remove_factors after update on accounts for each row
when (old.disabled_at is null and new.disabled_at is not null) execute function remove_disabled_factors();

create trigger authenticator_apps_audit after insert or update or delete on authenticator_apps for each row execute function audit();
create trigger passkeys_audit after insert or update or delete on passkeys for each row execute function audit();
create trigger recovery_codes_audit after insert or update or delete on recovery_codes for each row execute function audit();
