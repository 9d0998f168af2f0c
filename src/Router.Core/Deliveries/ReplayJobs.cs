using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// What people ask of replays of many deliveries: to begin one, how many it would send, how far it is, to cancel it. They are made in small
/// steps (<see cref="RunningReplays"/>), so that no request takes long.
/// </summary>
public sealed class ReplayJobs(NpgsqlDataSource database, SiteUse use, TimeProvider time)
{
    private const int CountUpTo = 100_001;

    private const string Columns =
        "id, site_id, destination_id, state, missed, total, replayed, created_by, created_at, finished_at, canceled_at";

    /// <summary>Asks for a replay of all deliveries of a filter, which names a finished state; or, with none, of everything that its
    /// destination didn't get.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="filter">Which.</param>
    /// <param name="createdBy">Who asks for it.</param>
    /// <param name="isByOperator">Whether the site's limits don't count.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    public async Task<StartedReplay> Start(
        Guid siteId, DeliveryFilter filter, string createdBy, bool isByOperator, CancellationToken cancellationToken)
    {
        const string sql = $"""
            insert into replays (
                id, site_id, destination_id, state, lead_id, last_status, last_error, from_time, to_time, missed, total, created_by)
            values (@id, @siteId, @Destination, @State, @Lead, @Status, @Error, @From, @To, @missed, @total, @createdBy)
            returning {Columns}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var total = (await Count(connection, siteId, filter, cancellationToken)).Total;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!isByOperator)
        {
            // One after the other for a site, or two would both take the last that it may have.
            await connection.ExecuteAsync(new CommandDefinition(
                "select from sites where id = @siteId for no key update", new { siteId }, cancellationToken: cancellationToken));
            var wanted = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                [SiteLimitNames.Replays] = 1, [SiteLimitNames.ReplayedPerHour] = total, [SiteLimitNames.WaitingMegabytes] = 0,
            };
            if (await use.Refusal(connection, siteId, wanted, cancellationToken) is { } refusal)
                return new StartedReplay(null, refusal);
        }

        var job = await connection.QuerySingleAsync<ReplayJob>(new CommandDefinition(
            sql,
            new
            {
                id = Guid.CreateVersion7(time.GetUtcNow()), siteId, filter.Destination, State = filter.State?.Text(), filter.Lead,
                filter.Status, filter.Error,
                From = filter.From?.UtcDateTime, To = filter.To?.UtcDateTime, missed = filter.State is null, total, createdBy,
            },
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return new StartedReplay(job, null);
    }

    /// <summary>What a replay of finished deliveries would leave out.</summary>
    public async Task<LeftOut> CountLeftOut(Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken)
    {
        var sql = $"""
            select count(*) filter (where has_contents)::int as destination_off,
                   count(*) filter (where not has_contents)::int as contents_deleted
            from (
                select e.body is not null as has_contents
                from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
                where {filter.Destinations} and {ReplaySelection.IsFinished(filter)} and (e.body is null or not x.active)
                limit @CountUpTo) found
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<LeftOut>(new CommandDefinition(
            sql, filter.Parameters(siteId, new { CountUpTo }), commandTimeout: 60, cancellationToken: cancellationToken));
    }

    /// <summary>How many a replay would send; counted no further than 100,001.</summary>
    public async Task<MessageCounts> Count(Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Count(connection, siteId, filter, cancellationToken);
    }

    /// <summary>
    /// Since when a destination that was switched off misses what came: what waited then, and the lead that it answered 410 to,
    /// came earlier.
    /// </summary>
    public async Task<DateTimeOffset> MissedSince(Guid destinationId, DateTimeOffset offAt, CancellationToken cancellationToken)
    {
        const string sql = """
            select least(@offAt, min(accepted_at)) from deliveries
            where destination_id = @destinationId and state in ('rejected', 'canceled') and (state = 'canceled' or status = 410)
              and not is_test and finished_at >= @offAt - interval '1 minute'
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<DateTimeOffset>(new CommandDefinition(
            sql, new { destinationId, offAt = offAt.UtcDateTime }, cancellationToken: cancellationToken));
    }

    /// <summary>A site's replays, newest first; those older than <paramref name="after"/>, one of them.</summary>
    public async Task<List<ReplayJob>> List(Guid siteId, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<ReplayJob>(new CommandDefinition(
            $"""
            select {Columns} from replays
            where site_id = @siteId
              and (@after::uuid is null
                   or (created_at, id) < (select a.created_at, a.id from replays a where a.id = @after and a.site_id = @siteId))
            order by created_at desc, id desc limit @limit
            """, new { siteId, after, limit }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>How far it is; null when the site has no such replay.</summary>
    public async Task<ReplayJob?> Find(Guid siteId, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<ReplayJob>(new CommandDefinition(
            $"select {Columns} from replays where site_id = @siteId and id = @id", new { siteId, id },
            cancellationToken: cancellationToken));
    }

    /// <summary>Sends no more; false when it is finished or there is none.</summary>
    public async Task<bool> Cancel(Guid siteId, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            "update replays set canceled_at = now(), finished_at = now() where site_id = @siteId and id = @id and finished_at is null",
            new { siteId, id }, cancellationToken: cancellationToken)) > 0;
    }

    private static Task<MessageCounts> Count(
        NpgsqlConnection connection, Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<MessageCounts>(new CommandDefinition(
            $"""
            select {MessageCounts.Columns} from (
                {(filter.State is null
                    ? $"(select e.action {ReplaySelection.MissedEvents(filter)} limit @CountUpTo) "
                        + $"union all (select e.action {ReplaySelection.Ungotten(filter)} limit @CountUpTo)"
                    : $"select e.action {ReplaySelection.Candidates(filter)}")}
                limit @CountUpTo) found
            """,
            filter.Parameters(siteId, new { CountUpTo }), commandTimeout: 60, cancellationToken: cancellationToken));
}
