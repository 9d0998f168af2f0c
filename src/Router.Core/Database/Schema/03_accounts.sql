-- People, how they sign in, and what their programs may do.

-- An account without a password waits for its invitation to be accepted, or signs in at a provider (account_logins).
create table accounts (
    id              uuid primary key,
    email           text not null check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),    -- [data: account]
    role            text not null check (role in ('owner', 'operator')),    -- [data: account]
    password_hash   text,                                       -- in the format of ASP.NET Core Identity [data: credential]
    stamp           uuid not null default gen_random_uuid(),    -- changes with the password: every session ends [data: credential]
    role_from_claim boolean not null default false,             -- it is an operator because the provider said so when it last signed in
    is_vouched      boolean not null default true,              -- false: an owner of a site, or an operator who may not read leads, saw its link, and may be the one who has used it
    failed_sign_ins int not null default 0,                     -- of all strangers together
    locked_until    timestamptz,                                -- for strangers [data: account]
    time_zone       text,                                       -- in which its pages tell times; null until it or its browser has said one: UTC [data: account]
    created_at      timestamptz not null default now(),
    disabled_at     timestamptz
);
create unique index accounts_email on accounts (email);

-- Which sites an account sees; operators see all. A viewer of a site sees what its owners see, and changes nothing.
create table account_sites (
    account_id uuid not null references accounts (id) on delete cascade,    -- [data: account]
    site_id    uuid not null references sites (id) on delete cascade,
    role       text not null default 'owner' check (role in ('owner', 'viewer')),    -- [data: account]
    from_claim boolean not null default false,     -- the provider gives it, and takes it away; otherwise people here do
    primary key (account_id, site_id)
);
create index account_sites_site on account_sites (site_id);

-- Accounts that sign in at an OpenID Connect provider. What counts is the provider's own name for somebody: an e-mail address may be somebody
-- else's tomorrow.
create table account_logins (
    issuer     text not null check (length(issuer) between 1 and 1000),    -- [data: account]
    subject    text not null check (length(subject) between 1 and 255),    -- [data: account]
    account_id uuid not null references accounts (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (issuer, subject),
    unique (account_id, issuer)
);

-- One-time links with which an account's password is chosen. Two for each account at most, one that an operator made and one that somebody asked for
-- who lost the password: anybody can ask, and must not end an operator's.
create table invitations (
    account_id   uuid not null references accounts (id) on delete cascade,
    is_asked_for boolean not null default false,
    is_shown     boolean not null default false,     -- to an owner of a site, or to an operator where those may not read leads; such an account is theirs as much as its own
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    made_at      timestamptz not null default now(),
    expires_at   timestamptz not null,
    primary key (account_id, is_asked_for)
);

-- Bearer tokens of the management API: 256 random bits, so one SHA-256 is enough. Revoked ones stay, so that they stay revoked.
create table api_tokens (
    id           uuid primary key,
    account_id   uuid not null references accounts (id) on delete cascade,
    name         text not null check (name <> '' and length(name) <= 200),    -- [data: account]
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    scope        text not null check (scope in ('read', 'configure', 'operate')),    -- [data: none]
    sites        uuid[],                            -- null: all that the account sees
    made_with    uuid references api_tokens (id),   -- the token that made it, and takes it along when it is revoked; null: a person did
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,                       -- null: never
    last_used_at timestamptz,    -- [data: account]
    revoked_at   timestamptz
);
create index api_tokens_account on api_tokens (account_id, created_at);
-- A token, and all that it and they have made.
create function made_by(token uuid) returns setof uuid language sql stable as $$
    with recursive made (id) as (
        select token
        union
        select t.id from api_tokens t join made m on t.made_with = m.id
    )
    select id from made
$$;
create index api_tokens_made_with on api_tokens (made_with) where made_with is not null;

-- Passwords tried from one place, before they are checked: see PasswordTries.cs. Those of strangers are counted together in accounts, too. Few rows: a place
-- with five wrong ones, or an account with twenty, gets no more for a quarter of an hour.
create table sign_in_tries (
    account_id uuid not null references accounts (id) on delete cascade,
    place      text not null,                                   -- a network, a browser that the account has signed in with, or a session [data: session]
    count      int not null,
    last_at    timestamptz not null default now(),
    primary key (account_id, place)
);

-- Who is signed in on the pages, and from where. A browser's cookie names a row by a random token. The row is good until it ends, or until
-- Sessions:IdleLimit or Sessions:AbsoluteLimit is over.
create table sessions (
    id           uuid primary key,
    account_id   uuid not null references accounts (id) on delete cascade,    -- [data: session]
    token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),    -- [data: credential]
    how          text not null check (how in ('password', 'invitation', 'passkey', 'oidc')),    -- [data: session]
    started_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),            -- to the minute [data: session]
    address      text,                                          -- the last one; null where there is none [data: session]
    browser      text not null,                                 -- in two or three words [data: session]
    confirmed_at timestamptz not null default now(),            -- when whoever uses it last showed to be the account
    ended_at     timestamptz,
    end_reason   text check (end_reason in ('signed_out', 'elsewhere', 'operator', 'replaced', 'too_many', 'password', 'disabled')),    -- [data: session]
    check ((ended_at is null) = (end_reason is null))
);
create index sessions_account on sessions (account_id, last_seen_at);

-- Whoever changes a password or disables an account, by a page, the API or SQL by hand: its sessions end.
create function end_sessions() returns trigger language plpgsql as $$
begin
    update sessions set ended_at = now(), end_reason = case when new.disabled_at is null then 'password' else 'disabled' end
    where account_id = new.id and ended_at is null;
    return null;
end $$;

create trigger accounts_end_sessions after update on accounts for each row
when (old.stamp is distinct from new.stamp or (old.disabled_at is null and new.disabled_at is not null)) execute function end_sessions();

-- The key ring of ASP.NET Core Data Protection; encrypted itself when a certificate is configured.
create table data_protection_keys (
    name       text primary key,    -- [data: none]
    xml        text not null,    -- [data: secret]
    created_at timestamptz not null default now()
);
