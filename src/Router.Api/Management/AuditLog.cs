using Dapper;
using Npgsql;

namespace Router.Api.Management;

/// <summary>Who changed what.</summary>
/// <param name="Id">Newer is larger.</param>
/// <param name="At">When.</param>
/// <param name="Actor">The account's e-mail and its API token if it came by one; <c>router</c> for the hosts themselves, <c>database: …</c> for SQL.</param>
/// <param name="Action"><c>created</c>, <c>changed</c> or <c>deleted</c>.</param>
/// <param name="Kind">The table.</param>
/// <param name="SubjectId">The row.</param>
/// <param name="Subject">Its name then.</param>
/// <param name="SiteId">The site that it belongs to, if any.</param>
/// <param name="Changes">JSON: by column what was before and what after; of a secret only that it changed.</param>
internal sealed record AuditRow(long Id, DateTimeOffset At, string Actor, string Action, string Kind, string SubjectId, string Subject, Guid? SiteId, string Changes);

/// <summary>Reads of the audit log, newest first.</summary>
internal sealed class AuditLog(NpgsqlDataSource database)
{
    public async Task<List<AuditRow>> Newest(Guid? site, long? before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<AuditRow>(new CommandDefinition(
            $"""
            select id, at, actor, action, kind, subject_id, subject, site_id, changes::text as changes
            from audit_log
            where true {(site is null ? "" : "and site_id = @site")} {(before is null ? "" : "and id < @before")}
            order by id desc limit @limit
            """, new { site, before, limit }, cancellationToken: cancellationToken))).AsList();
    }
}
