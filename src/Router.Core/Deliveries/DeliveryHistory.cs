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
/// <param name="LastReason">
/// What a rule about answers says of it; it may repeat the lead, so it is null for whoever may not see that.
/// </param>
/// <param name="AcceptedAt">When the lead came in.</param>
/// <param name="FirstAttemptAt">When the first request began.</param>
/// <param name="NextAttemptAt">When it is tried again; null unless retrying.</param>
/// <param name="FinishedAt">When it was delivered, rejected, dead or canceled.</param>
/// <param name="UnknownDestinations">Destinations that the sender chose for the event and the site doesn't have.</param>
/// <param name="IsTest">Whether it is a test from the destination's page.</param>
/// <param name="ContentsDeleted">
/// Whether the lead's contents are deleted: too old, or erased on request. Then it can't be sent again.
/// </param>
/// <param name="WaitsFor">The earlier event of the lead that it waits for at this destination; null unless it is held for one.</param>
public sealed record DeliveryRow(
    Guid EventId, Guid DestinationId, string DestinationName, string LeadId, string Action, string State, int Attempts, int? LastStatus,
    string? LastError, string? LastReason, DateTimeOffset AcceptedAt, DateTimeOffset? FirstAttemptAt, DateTimeOffset? NextAttemptAt,
    DateTimeOffset? FinishedAt, string[]? UnknownDestinations, bool IsTest, bool ContentsDeleted, Guid? WaitsFor);

/// <summary>Reads of the ledger.</summary>
public sealed class DeliveryHistory(NpgsqlDataSource database)
{
    private const string Rows = """
        select d.event_id, d.destination_id, x.name as destination_name, e.lead_id_text as lead_id, e.action, d.state, d.attempts,
               d.status::int as last_status, d.error as last_error, case when @contents then d.reason end as last_reason, d.accepted_at,
               coalesce(d.first_attempt_at, d.started_at) as first_attempt_at, d.next_attempt_at, d.finished_at, e.unknown_destinations,
               d.is_test, e.body is null as contents_deleted,
               (select w.waits_for from delivery_waits w where w.event_id = d.event_id and w.destination_id = d.destination_id) as waits_for
        """;

    /// <summary>At which destinations these events didn't fit the conditions.</summary>
    public async Task<List<(Guid EventId, Guid DestinationId, string DestinationName)>> LeftOut(
        Guid siteId, Guid[] events, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid, Guid, string)>(new CommandDefinition(
            """
            select e.id, x.id, x.name from lead_events e join destinations x on x.id = any (e.left_out)
            where e.site_id = @siteId and e.id = any (@events) and e.left_out is not null
            order by x.created_at, x.id
            """, new { siteId, events }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>A site's deliveries, newest first.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="contents">Whether what receivers answered is shown: to the site's people only.</param>
    /// <param name="after">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<DeliveryRow>> Newest(
        Guid siteId, DeliveryFilter filter, bool contents, (Guid Event, Guid Destination)? after, int limit,
        CancellationToken cancellationToken)
    {
        // A cursor names a row; its time is looked up, so that nothing but ids travels.
        const string behind = """
            and (d.accepted_at, d.event_id, d.destination_id) < (
                (select accepted_at from lead_events where id = @Event), @Event, @After)
            """;
        const string order = "order by accepted_at desc, event_id desc, destination_id desc limit @limit";
        // The newest of each destination, by its index, then the newest of those.
        var sql = $"""
            select d.*
            from destinations x
            cross join lateral (
                {Rows}
                from deliveries d join lead_events e on e.id = d.event_id
                where d.destination_id = x.id and {filter.Where}
                  {(after is null ? "" : behind)}
                {order}
            ) d
            where {filter.Destinations}
            {order}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<DeliveryRow>(new CommandDefinition(
            sql, filter.Parameters(siteId, new { after?.Event, After = after?.Destination, contents, limit }),
            cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Counts end one above this.</summary>
    public const int MostCounted = 1_000;

    private static readonly DeliveryState[] UnsettledStates =
        [DeliveryState.Retrying, DeliveryState.Held, DeliveryState.Rejected, DeliveryState.Dead];

    /// <summary>
    /// How many deliveries of a site are in each state that may need somebody, tests left out: each by a partial index.
    /// </summary>
    /// <param name="siteId">The site.</param>
    /// <param name="destination">Only those of one destination; null for all.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<IReadOnlyList<(DeliveryState State, int Count)>> Unsettled(
        Guid siteId, Guid? destination, CancellationToken cancellationToken)
    {
        var sql = string.Join(" union all ", UnsettledStates.Select(state => $"""
            select '{state.Text()}' as state, (
                select count(*)::int from (
                    select from destinations x cross join lateral (
                        select from deliveries d
                        where d.destination_id = x.id and d.state = '{state.Text()}' and not d.is_test limit @MostCounted + 1) d
                    where x.site_id = @siteId and (@destination::uuid is null or x.id = @destination)
                    limit @MostCounted + 1) counted) as count
            """));
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var counts = (await connection.QueryAsync<(string State, int Count)>(new CommandDefinition(
            sql, new { siteId, destination, MostCounted }, cancellationToken: cancellationToken))).ToDictionary();
        return [.. UnsettledStates.Select(state => (state, counts[state.Text()]))];
    }

    /// <summary>Whether there is such a site at all, for an empty list.</summary>
    public async Task<bool> HasSite(Guid siteId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from sites where id = @siteId)", new { siteId }, cancellationToken: cancellationToken));
    }

    /// <summary>One delivery with its latest attempts; null when the site has no such delivery.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="destinationId">The destination.</param>
    /// <param name="contents">Whether answers are shown: to the site's owners only.</param>
    /// <param name="before">Only attempts before that number; null for the latest ones.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<FoundDelivery?> Find(
        Guid siteId, Guid eventId, Guid destinationId, bool contents, int? before, CancellationToken cancellationToken)
    {
        var sql = $"""
            {Rows}
            from lead_events e
            join deliveries d on d.destination_id = @destinationId and d.accepted_at = e.accepted_at and d.event_id = e.id
            join destinations x on x.id = d.destination_id
            where e.id = @eventId and e.site_id = @siteId;

            select exists (
                select from lead_events e
                join lead_events n on n.site_id = e.site_id and n.lead_id = e.lead_id and n.accepted_at > e.accepted_at
                join deliveries d on d.destination_id = @destinationId and d.accepted_at = n.accepted_at and d.event_id = n.id
                where e.id = @eventId and e.site_id = @siteId and (d.state = 'delivered' or d.delivered_at is not null));

            {AttemptHistory.Latest}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        DeliveryRow? delivery;
        bool hasNewer;
        List<AttemptRow> attempts;
        await using (var results = await connection.QueryMultipleAsync(new CommandDefinition(
            sql, new { siteId, eventId, destinationId, contents, before = before ?? int.MaxValue }, cancellationToken: cancellationToken)))
        {
            delivery = await results.ReadSingleOrDefaultAsync<DeliveryRow>();
            hasNewer = await results.ReadSingleAsync<bool>();
            attempts = (await results.ReadAsync<AttemptRow>()).AsList();
        }

        if (delivery is null)
            return null;

        var leftOut = attempts.Count < AttemptHistory.Most ? 0 : await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            AttemptHistory.Earlier, new { eventId, destinationId, first = attempts[0].Attempt }, cancellationToken: cancellationToken));
        return new FoundDelivery(delivery, attempts, leftOut, hasNewer);
    }
}
