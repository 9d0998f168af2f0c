using Dapper;
using Npgsql;

namespace Router.Api.Management;

/// <summary>Who changed what.</summary>
/// <param name="Id">Newer is larger.</param>
/// <param name="At">When.</param>
/// <param name="Actor">
/// The account's e-mail and its API token if it came by one; <c>router</c> for the hosts themselves, <c>database: …</c> for SQL.
/// </param>
/// <param name="Action"><c>created</c>, <c>changed</c> or <c>deleted</c>.</param>
/// <param name="Kind">The table.</param>
/// <param name="SubjectId">The row.</param>
/// <param name="Subject">Its name then.</param>
/// <param name="SiteId">The site that it belongs to, if any.</param>
/// <param name="SiteName">What that site is called now.</param>
/// <param name="Changes">
/// JSON: by column what was before and what after; of a secret only that it changed, of more than 2,000 characters how many and their
/// SHA-256.
/// </param>
internal sealed record AuditRow(long Id, DateTimeOffset At, string Actor, string Action, string Kind, string SubjectId, string Subject,
    Guid? SiteId, string? SiteName, string Changes);

/// <summary>When a destination ceased to get leads.</summary>
/// <param name="At">When.</param>
/// <param name="WasNew">It was made switched off: leads of before were never meant for it.</param>
internal sealed record SwitchedOff(DateTimeOffset At, bool WasNew);

/// <summary>Reads of the audit log, newest first.</summary>
internal sealed class AuditLog(NpgsqlDataSource database)
{
    /// <summary>When a destination was switched off last, or made switched off; null when neither is known.</summary>
    public async Task<SwitchedOff?> SwitchedOff(Guid site, Guid destination, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<SwitchedOff>(new CommandDefinition(
            """
            select at, action = 'created' as was_new from audit_log
            where site_id = @site and kind = 'destinations' and subject_id = @destination::text and changes -> 'active' ->> 1 = 'false'
            order by id desc limit 1
            """, new { site, destination }, cancellationToken: cancellationToken));
    }

    /// <param name="site">Of this site only.</param>
    /// <param name="actor">Only by whom this is the beginning of.</param>
    /// <param name="before">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<AuditRow>> Newest(Guid? site, string? actor, long? before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<AuditRow>(new CommandDefinition(
            $"""
            select a.id, a.at, a.actor, a.action, a.kind, a.subject_id, a.subject, a.site_id, s.name as site_name,
                   a.changes::text as changes
            from audit_log a left join sites s on s.id = a.site_id
            where true {(site is null ? "" : "and a.site_id = @site")} {(actor is null ? "" : "and starts_with(a.actor, @actor)")}
              {(before is null ? "" : "and a.id < @before")}
            order by a.id desc limit @limit
            """, new { site, actor, before, limit }, cancellationToken: cancellationToken))).AsList();
    }
}
