using System.Text.Json.Serialization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Intake;

namespace Router.Core.Deliveries;

/// <summary>A replay of many deliveries, as people see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="SiteId">The site.</param>
/// <param name="DestinationId">Of this destination only.</param>
/// <param name="State">Which deliveries: <c>dead</c>, <c>canceled</c>, <c>rejected</c> or <c>delivered</c>; null for missed ones.</param>
/// <param name="Missed">Everything that the destination didn't get: what came while it was off, was canceled then, or was given up.</param>
/// <param name="Total">How many there were when it was asked for; counted no further than 100,001.</param>
/// <param name="Replayed">How many were sent so far.</param>
/// <param name="CreatedBy">Who asked for it.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="FinishedAt">When the last one was sent, or it was canceled.</param>
/// <param name="CanceledAt">When somebody canceled it: what was sent by then stays sent.</param>
public sealed record ReplayJob(
    Guid Id, Guid SiteId, Guid? DestinationId, string? State, bool Missed, int Total, int Replayed, string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt, DateTimeOffset? CanceledAt)
{
    /// <summary>Said once, when it is asked for: what fits and isn't sent. Null when there is nothing of the kind.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LeftOut? LeftOut { get; init; }
}

/// <summary>What a replay leaves out although it fits; counted no further than 100,001.</summary>
/// <param name="DestinationOff">Its destination is off or deleted.</param>
/// <param name="ContentsDeleted">The lead's contents are deleted: there is nothing to send.</param>
public sealed record LeftOut(int DestinationOff, int ContentsDeleted);

/// <summary>A replay that was asked for.</summary>
/// <param name="Job">The replay; null where it isn't begun.</param>
/// <param name="Refusal">Why not, for people.</param>
public sealed record StartedReplay(ReplayJob? Job, string? Refusal);

/// <summary>Postgres refused a step of a replay; it goes on when that is put right.</summary>
public sealed class ReplayFailedException(Guid id, PostgresException refused) : Exception($"A step of replay {id} failed.", refused);

/// <summary>
/// Replays many deliveries in small steps, so that no request takes long and fresh leads go on beside it. Each delivery is sent once by a
/// replay, whatever becomes of it. Every worker takes steps; a step of one job is one worker's.
/// </summary>
public sealed class ReplayJobs(
    NpgsqlDataSource database, SiteUse use, IOptions<DeliveryOptions> options, IOptions<OrderOptions> order, TimeProvider time)
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
                where {filter.Destinations} and {IsFinished(filter)} and (e.body is null or not x.active)
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

    /// <summary>One step of each replay that nobody else is at, each by itself; how many deliveries were sent.</summary>
    /// <exception cref="ReplayFailedException">One of them failed; the others took their step.</exception>
    public async Task<int> Step(CancellationToken cancellationToken)
    {
        var sent = 0;
        ReplayFailedException? failed = null;
        foreach (var job in await Running(cancellationToken))
        {
            try
            {
                sent += await Step(job, cancellationToken);
            }
            // Anything else than what Postgres answers would happen to the others, too.
            catch (PostgresException refused)
            {
                failed ??= new ReplayFailedException(job, refused);
            }
        }

        return failed is null ? sent : throw failed;
    }

    private async Task<List<Guid>> Running(CancellationToken cancellationToken)
    {
        // The first of each site before the second of any.
        const string sql = """
            select id from (
                select id, created_at, row_number() over (partition by site_id order by created_at, id) as place
                from replays where finished_at is null) running
            order by place, created_at limit 100
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<Guid>(new CommandDefinition(sql, cancellationToken: cancellationToken))).AsList();
    }

    private async Task<int> Step(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var job = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            """
            select id, site_id, destination_id, state, lead_id, last_status, last_error, from_time, to_time, missed, created_at
            from replays where id = @id and finished_at is null for update skip locked
            """, new { id }, cancellationToken: cancellationToken));
        if (job is null)
            return 0;

        var sent = (await connection.QueryAsync<ReplayedDelivery>(new CommandDefinition(
            job.Missed ? Missed(job.Filter) : Finished(job.Filter),
            job.Filter.Parameters(job.SiteId, new { job.CreatedAt, Step = options.Value.ReplayStep }),
            commandTimeout: 60, cancellationToken: cancellationToken))).AsList();
        if (order.Value.Keep)
            await ReplayOrder.Hold(connection, sent, cancellationToken);
        var count = sent.Count;
        await connection.ExecuteAsync(new CommandDefinition(
            "update replays set replayed = replayed + @count, finished_at = case when @count = 0 then now() end where id = @Id",
            new { job.Id, count }, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return count;
    }

    // Finished before the replay was asked for: what it has sent already isn't sent by it again. The oldest of each destination, by its
    // index, then the oldest of those.
    private static string Finished(DeliveryFilter filter) => $"""
        with again as (
            {DeliveryReplay.Again}
              and (d.destination_id, d.accepted_at, d.event_id) in (
                  select oldest.destination_id, oldest.accepted_at, oldest.event_id
                  from destinations x
                  cross join lateral (
                      select d.destination_id, d.accepted_at, d.event_id
                      from deliveries d join lead_events e on e.id = d.event_id
                      where d.destination_id = x.id and {IsCandidate(filter)} and d.finished_at < @CreatedAt
                      order by d.accepted_at, d.event_id limit @Step for update of d skip locked
                  ) oldest
                  where x.active and {filter.Destinations}
                  order by oldest.accepted_at, oldest.event_id limit @Step)
            returning d.destination_id, d.accepted_at, d.event_id
        )
        select * from again
        """;

    private static string Missed(DeliveryFilter filter) => $"""
        with ungotten as (
            {DeliveryReplay.Again}
              and (d.destination_id, d.accepted_at, d.event_id) in (
                  select d.destination_id, d.accepted_at, d.event_id {Ungotten(filter)} and d.finished_at < @CreatedAt
                  order by d.accepted_at, d.event_id limit @Step for update of d skip locked)
            returning d.destination_id, d.accepted_at, d.event_id
        ), again as (
            insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, replayed_at, accepted_at)
            select e.id, x.id, e.site_id, 'retrying', now(), now(), e.accepted_at {MissedEvents(filter)} and e.accepted_at < @CreatedAt
            order by e.accepted_at, e.id limit @Step
            on conflict do nothing
            returning destination_id, accepted_at, event_id
        ), planned as (
            update lead_events e set destinations = array_append(e.destinations, @Destination) from again
            where e.id = again.event_id and not @Destination = any (e.destinations)
        )
        select * from again union all select * from ungotten
        """;

    private static string Candidates(DeliveryFilter filter) => $"""
        from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
        where x.active and {filter.Destinations} and {IsCandidate(filter)}
        """;

    // What a later change of the same user has replaced would bring the old data back.
    private static string IsCandidate(DeliveryFilter filter) => $"""
        {IsFinished(filter)} and e.body is not null
        and not (e.action = 'user_updated' and d.state = 'canceled' and exists (
            select from lead_events n
            where n.site_id = e.site_id and n.lead_id = e.lead_id and n.action = e.action and n.accepted_at > e.accepted_at
              and d.destination_id = any (n.destinations)))
        """;

    private static string IsFinished(DeliveryFilter filter) => $"""
        d.state in ('dead', 'delivered', 'rejected', 'canceled') and not d.is_test and e.action not like 'integration_%' and {filter.Where}
        """;

    // What it has a row for and yet didn't get: canceled when it was switched off, given up, or the one that it answered 410 to. What it
    // refused as such (406) it doesn't want, and what it once had it has.
    private static string Ungotten(DeliveryFilter filter) => $"""
        from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
        where x.active and {filter.Destinations} and {IsCandidate(filter)} and d.delivered_at is null
          and (d.state in ('dead', 'canceled') or d.state = 'rejected' and d.status = 410)
        """;

    private static string MissedEvents(DeliveryFilter filter) => $"""
        from lead_events e join destinations x on x.id = @Destination and x.site_id = e.site_id and x.active
        where e.site_id = @siteId and e.test is null and e.product <> '' and e.body is not null and e.accepted_at >= @From
          and (x.actions is null or e.action = any (x.actions))
          and (e.left_out is null or not x.id = any (e.left_out))
          {(filter.To is null ? "" : "and e.accepted_at < @To")}
          and not exists (select from deliveries d where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id)
          and not awaits_first_outcome(e.destinations, x.id, e.planned_at)
        """;

    private static Task<MessageCounts> Count(
        NpgsqlConnection connection, Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<MessageCounts>(new CommandDefinition(
            $"""
            select {MessageCounts.Columns} from (
                {(filter.State is null
                    ? $"(select e.action {MissedEvents(filter)} limit @CountUpTo) "
                        + $"union all (select e.action {Ungotten(filter)} limit @CountUpTo)"
                    : $"select e.action {Candidates(filter)}")}
                limit @CountUpTo) found
            """,
            filter.Parameters(siteId, new { CountUpTo }), commandTimeout: 60, cancellationToken: cancellationToken));

    private sealed record Row(
        Guid Id, Guid SiteId, Guid? DestinationId, string? State, Guid? LeadId, int? LastStatus, string? LastError,
        DateTimeOffset? FromTime, DateTimeOffset? ToTime,
        bool Missed, DateTimeOffset CreatedAt)
    {
        public DeliveryFilter Filter =>
            new(DeliveryStates.TryParse(State), DestinationId, LeadId, FromTime, ToTime, Status: LastStatus, Error: LastError);
    }
}
