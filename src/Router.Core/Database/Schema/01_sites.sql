-- Sites, the products that may send leads for them, and their users.

create table sites (
    id                 uuid primary key,
    name               text not null check (name <> ''),    -- [data: none]
    domain             text not null check (domain <> ''),             -- a host name; receivers get it as site_domain [data: none]
    login_url_template text check (login_url_template <> ''),          -- {lead_id} in it is replaced [data: none]
    require_proven     boolean not null default false,                 -- a destination must pass the go-live check before it can be switched on
    limits             jsonb check (jsonb_typeof(limits) = 'object'),  -- what an operator lets it have instead of the router's own (SiteLimits) [data: none]
    created_at         timestamptz not null default now(),
    constraint domain_is_a_host_name check (domain = lower(domain) and domain !~ '[[:space:]/:?#@\\]|\.$')
);

-- A sending system. Its password is 256 random bits that we made, so one SHA-256 is as good as a slow hash and costs microseconds.
create table products (
    username        text primary key check (username ~ '^[A-Za-z0-9._@-]{1,100}$'),    -- [data: none]
    display_name    text not null check (display_name <> ''),          -- the source of leads that name none [data: none]
    password_sha256 bytea not null check (octet_length(password_sha256) = 32),    -- [data: credential]
    password_changed_at      timestamptz not null default now(),
    previous_password_sha256 bytea check (octet_length(previous_password_sha256) = 32),   -- the one before it still lets it in [data: credential]
    previous_password_until  timestamptz,                              -- until then; null: until somebody ends it
    networks        text[] not null default '{}',                      -- from which it may send, as CIDR; none: from anywhere [data: none]
    is_lead_manager boolean not null default false,                    -- the Lead Manager's own product may write users
    description     text not null default '',                          -- what owners read of it in the catalogue of senders [data: none]
    offered         boolean not null default false,                    -- every owner may let it in
    created_at      timestamptz not null default now(),
    constraint offered_is_described check (not offered or description <> ''),
    constraint lead_manager_is_not_offered check (not (offered and is_lead_manager)),
    constraint previous_password_ends check (previous_password_until is null or previous_password_sha256 is not null)
);

-- When each password of a product let it in last, by all hosts. Apart from products: hosts cache those, and look again whenever one changes.
create table product_uses (
    product         text not null references products (username) on delete cascade,    -- [data: none]
    password_sha256 bytea not null,    -- [data: credential]
    used_at         timestamptz not null,
    primary key (product, password_sha256)
);

-- Which products may send for which sites.
create table product_sites (
    product   text not null references products (username) on delete cascade,    -- [data: none]
    site_id   uuid not null references sites (id) on delete cascade,
    since     timestamptz not null default now(),
    let_in_by text not null default coalesce(nullif(current_setting('router.actor', true), ''), 'database: ' || session_user),    -- [data: actor]
    by_owner  boolean not null default false,      -- an owner let it in, and so may always withdraw it
    primary key (product, site_id)
);
create index product_sites_site on product_sites (site_id);

-- Users of a site, as its Lead Manager last told them.
create table users (
    site_id    uuid not null references sites (id) on delete cascade,
    user_id    text not null check (user_id <> '' and length(user_id) <= 200),    -- [data: agent]
    body       bytea not null,          -- bytes, not jsonb: key order, number spelling and escapes are the sender's [data: agent]
    updated_at timestamptz not null default now(),
    primary key (site_id, user_id)
);
