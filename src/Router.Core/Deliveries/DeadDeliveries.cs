using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>A delivery whose schedule is used up. Nothing of the lead but its id.</summary>
/// <param name="EventId">The message id that the receiver saw.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="DestinationName">Its name today, also when it is deleted.</param>
/// <param name="SiteId">Its site.</param>
/// <param name="SiteName">The site's name.</param>
/// <param name="LeadId">The lead, in its sender's spelling.</param>
/// <param name="Action">What happened to the lead.</param>
/// <param name="Attempts">Requests made.</param>
/// <param name="LastStatus">The HTTP status of the last attempt; null when it had none.</param>
/// <param name="LastError">Why the last attempt had no status.</param>
/// <param name="AcceptedAt">When the lead came in.</param>
/// <param name="FinishedAt">When it was given up.</param>
/// <param name="MayReplay">Whether its destination is active and the lead's contents are still there, so that it can be sent again.</param>
public sealed record DeadDelivery(
    Guid EventId, Guid DestinationId, string DestinationName, Guid SiteId, string SiteName, string LeadId, string Action, int Attempts,
    int? LastStatus,
    string? LastError, DateTimeOffset AcceptedAt, DateTimeOffset FinishedAt, bool MayReplay);

/// <summary>Reads what was given up, over all sites.</summary>
public sealed class DeadDeliveries(NpgsqlDataSource database)
{
    /// <summary>The newest first.</summary>
    /// <param name="site">Of this site only.</param>
    /// <param name="destination">Of this destination only.</param>
    /// <param name="after">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<DeadDelivery>> Newest(
        Guid? site, Guid? destination, (Guid Event, Guid Destination)? after, int limit, CancellationToken cancellationToken)
    {
        // Looked up in whatever state it is by now: somebody may have replayed the last row of the page before.
        var dead = $"""
            d.state = 'dead' and not d.is_test
            {(after is null
                ? ""
                : "and (d.accepted_at, d.event_id, d.destination_id) "
                    + "< ((select accepted_at from lead_events where id = @Event), @Event, @After)")}
            """;
        const string order = "order by d.accepted_at desc, d.event_id desc, d.destination_id desc limit @limit";
        // A site has few destinations, and each of them its own order: the newest of each, then the newest of those.
        var rows = site is null && destination is null
            ? $"select * from deliveries d where {dead} {order}"
            : $"""
               select d.* from destinations n
               cross join lateral (select * from deliveries d where d.destination_id = n.id and {dead} {order}) d
               where {(site is null ? "true" : "n.site_id = @site")} and {(destination is null ? "true" : "n.id = @destination")}
               """;
        var sql = $"""
            select d.event_id, d.destination_id, x.name as destination_name, s.id as site_id, s.name as site_name,
                   e.lead_id_text as lead_id, e.action,
                   d.attempts, d.status::int as last_status, d.error as last_error, d.accepted_at, d.finished_at,
                   x.active and e.body is not null as may_replay
            from ({rows}) d
            join lead_events e on e.id = d.event_id
            join destinations x on x.id = d.destination_id
            join sites s on s.id = d.site_id
            {order}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<DeadDelivery>(new CommandDefinition(
            sql, new { site, destination, after?.Event, After = after?.Destination, limit }, cancellationToken: cancellationToken)))
                .AsList();
    }
}
