using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>One delivery as people see it.</summary>
/// <param name="EventId">The message id that the receiver saw.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="DestinationName">Its name today, also when it is deleted.</param>
/// <param name="LeadId">The lead, in its sender's spelling.</param>
/// <param name="Action">What happened to the lead.</param>
/// <param name="State">One of <see cref="DeliveryStates"/>.</param>
/// <param name="Attempts">Requests made so far.</param>
/// <param name="LastStatus">The HTTP status of the last attempt; null when it had none.</param>
/// <param name="LastError">Why the last attempt had no status, for example <c>timeout</c>.</param>
/// <param name="AcceptedAt">When the lead came in.</param>
/// <param name="FirstAttemptAt">When the first request began.</param>
/// <param name="NextAttemptAt">When it is tried again; null unless retrying.</param>
/// <param name="FinishedAt">When it was delivered, rejected, dead or canceled.</param>
/// <param name="UnknownDestinations">Destinations that the sender chose for the event and the site doesn't have.</param>
public sealed record DeliveryRow(
    Guid EventId, Guid DestinationId, string DestinationName, string LeadId, string Action, string State, int Attempts, int? LastStatus,
    string? LastError, DateTimeOffset AcceptedAt, DateTimeOffset? FirstAttemptAt, DateTimeOffset? NextAttemptAt, DateTimeOffset? FinishedAt,
    string[]? UnknownDestinations);

/// <summary>One request as people see it.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationUs">How long it took, microseconds.</param>
/// <param name="Result"><c>delivered</c>, <c>rejected</c> or <c>failed</c>.</param>
/// <param name="Status">The HTTP status, if any.</param>
/// <param name="Error">Why there was none.</param>
/// <param name="ResponseBody">The first bytes of the answer.</param>
public sealed record AttemptRow(int Attempt, DateTimeOffset StartedAt, long DurationUs, string Result, int? Status, string? Error, byte[]? ResponseBody);

/// <summary>Which deliveries to list; what is null doesn't narrow.</summary>
/// <param name="State">One of <see cref="DeliveryStates"/>.</param>
/// <param name="Destination">A destination.</param>
/// <param name="Lead">A lead.</param>
public sealed record DeliveryFilter(string? State = null, Guid? Destination = null, Guid? Lead = null);

/// <summary>Reads of the ledger.</summary>
public sealed class DeliveryHistory(NpgsqlDataSource database)
{
    private const string Rows = """
        select d.event_id, d.destination_id, x.name as destination_name, e.lead_id_text as lead_id, e.action, d.state, d.attempts,
               d.last_status, d.last_error, d.accepted_at, d.first_attempt_at, d.next_attempt_at, d.finished_at, e.unknown_destinations
        from deliveries d
        join lead_events e on e.id = d.event_id
        join destinations x on x.id = d.destination_id
        """;

    /// <summary>A site's deliveries, newest first.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="after">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<DeliveryRow>> Newest(
        Guid siteId, DeliveryFilter filter, (Guid Event, Guid Destination)? after, int limit, CancellationToken cancellationToken)
    {
        // A cursor names a row; its time is looked up, so that nothing but ids travels.
        const string behind = """
            and (d.accepted_at, d.event_id, d.destination_id) < (
                (select accepted_at from deliveries where event_id = @Event and destination_id = @Destination), @Event, @Destination)
            """;
        var sql = $"""
            {Rows}
            where d.site_id = @siteId
              {(filter.State is null ? "" : "and d.state = @State")}
              {(filter.Destination is null ? "" : "and d.destination_id = @Only")}
              {(filter.Lead is null ? "" : "and e.site_id = @siteId and e.lead_id = @Lead")}
              {(after is null ? "" : behind)}
            order by d.accepted_at desc, d.event_id desc, d.destination_id desc
            limit @limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<DeliveryRow>(new CommandDefinition(
            sql, new { siteId, filter.State, Only = filter.Destination, filter.Lead, after?.Event, after?.Destination, limit }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Whether there is such a site at all, for an empty list.</summary>
    public async Task<bool> HasSite(Guid siteId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from sites where id = @siteId)", new { siteId }, cancellationToken: cancellationToken));
    }

    /// <summary>One delivery with its attempts, oldest first; null when the site has no such delivery.</summary>
    public async Task<(DeliveryRow Delivery, IReadOnlyList<AttemptRow> Attempts)?> Find(
        Guid siteId, Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {Rows}
            where d.event_id = @eventId and d.destination_id = @destinationId and d.site_id = @siteId;

            select attempt, started_at, duration_us, result, status, error, response_body
            from delivery_attempts
            where event_id = @eventId and destination_id = @destinationId
            order by attempt, started_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition(
            sql, new { siteId, eventId, destinationId }, cancellationToken: cancellationToken));
        var delivery = await results.ReadSingleOrDefaultAsync<DeliveryRow>();
        var attempts = (await results.ReadAsync<AttemptRow>()).AsList();
        return delivery is null ? null : (delivery, attempts);
    }
}
