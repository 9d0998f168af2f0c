using Dapper;
using Npgsql;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// Sites that claims give. What people here have given stays as it is, whatever a claim says; what a claim gave goes with it.
/// </summary>
internal static class ClaimedSites
{
    /// <summary>The sites that there are, and the greater role where several values name one. A name that two sites have is none.</summary>
    public static async Task<Dictionary<Guid, string>> Find(NpgsqlConnection database, IReadOnlyList<ClaimedSite> claimed)
    {
        if (claimed.Count == 0)
            return [];

        var found = await database.QueryAsync<(Guid Site, string Role)>(
            """
            select s.id, min(c.role) as role
            from unnest(@Sites, @Roles) as c (site, role)
            join sites s on s.id::text = lower(c.site) or (s.name = c.site and (select count(*) from sites n where n.name = c.site) = 1)
            group by s.id
            """, new { Sites = claimed.Select(one => one.Site).ToArray(), Roles = claimed.Select(one => one.Role).ToArray() });
        return found.ToDictionary(one => one.Site, one => one.Role);
    }

    /// <summary>After a sign-in these are all that claims give.</summary>
    public static async Task Set(NpgsqlConnection database, Guid account, Dictionary<Guid, string> sites) => await database.ExecuteAsync(
        """
        delete from account_sites where account_id = @account and from_claim and site_id <> all (@Sites);
        insert into account_sites as s (account_id, site_id, role, from_claim)
        select @account, c.site, c.role, true from unnest(@Sites, @Roles) as c (site, role)
        on conflict (account_id, site_id) do update set role = excluded.role where s.from_claim and s.role <> excluded.role
        """, new { account, Sites = sites.Keys.ToArray(), Roles = sites.Values.ToArray() });
}
