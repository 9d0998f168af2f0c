-- A site's destinations have names that people can tell apart, and its domain is a host name.

-- A name as it looks to a reader: without case, blanks and what can't be seen (soft hyphens, joiners, marks of direction, variation
-- selectors), wide and composed letters as plain ones.
create function folded_name(name text) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(
        lower(normalize(name, NFKC)),
        '[[:space:]\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180E\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\U000E0000-\U000E0FFF]',
        '', 'g')
$$;

-- What is called alike so far keeps its name with a piece of its id behind it; the Lead Manager and then the oldest keep theirs.
with alike as (
    select id, row_number() over (partition by site_id, folded_name(name) order by kind <> 'lead_manager', created_at, id) as place,
           kind <> 'lead_manager' and folded_name(name) in ('', 'leadmanager') as is_taken
    from destinations where deleted_at is null
)
update destinations d set name = d.name || ' ' || right(d.id::text, 6) from alike a where a.id = d.id and (a.place > 1 or a.is_taken);
update integrations set name = name || ' ' || right(id::text, 6) where folded_name(name) in ('', 'leadmanager');

create unique index destinations_name_once on destinations (site_id, folded_name(name)) where deleted_at is null;

-- Whatever a site's Lead Manager is called, nothing else passes for one.
alter table destinations add constraint destinations_name_is_its_own
    check (deleted_at is not null or folded_name(name) <> '' and (kind = 'lead_manager' or folded_name(name) <> 'leadmanager'));
alter table integrations add constraint integrations_name_is_its_own check (folded_name(name) not in ('', 'leadmanager'));

-- Receivers get it as site_domain. People entered it as a URL.
update sites
set domain = coalesce(nullif(regexp_replace(
        lower(regexp_replace(regexp_replace(btrim(domain), '^[A-Za-z][A-Za-z0-9+.-]*:', ''), '^[/\\]*(?:[^/?#\\]*@)?([^/?#\\:]*).*$', '\1')),
        '[[:space:]@]|\.$', '', 'g'), ''), 'unknown.invalid')
where domain <> lower(domain) or domain ~ '[[:space:]/:?#@\\]|\.$';
alter table sites add constraint domain_is_a_host_name check (domain = lower(domain) and domain !~ '[[:space:]/:?#@\\]|\.$');
