using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Intake;

namespace Router.Core.Deliveries;

/// <summary>Postgres refused a step of a replay; it goes on when that is put right.</summary>
public sealed class ReplayFailedException(Guid id, PostgresException refused) : Exception($"A step of replay {id} failed.", refused);

/// <summary>
/// Takes the steps of replays, small ones, so that fresh leads go on beside them. Each delivery is sent once by a replay, whatever becomes
/// of it. Every worker takes steps; a step of one job is one worker's.
/// </summary>
public sealed class RunningReplays(NpgsqlDataSource database, IOptions<ReplayOptions> options, IOptions<OrderOptions> order)
{
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
                      where d.destination_id = x.id and {ReplaySelection.IsCandidate(filter)} and d.finished_at < @CreatedAt
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
                  select d.destination_id, d.accepted_at, d.event_id {ReplaySelection.Ungotten(filter)} and d.finished_at < @CreatedAt
                  order by d.accepted_at, d.event_id limit @Step for update of d skip locked)
            returning d.destination_id, d.accepted_at, d.event_id
        ), again as (
            insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, replayed_at, accepted_at)
            select e.id, x.id, e.site_id, 'retrying', now(), now(), e.accepted_at
            {ReplaySelection.MissedEvents(filter)} and e.accepted_at < @CreatedAt
            order by e.accepted_at, e.id limit @Step
            on conflict do nothing
            returning destination_id, accepted_at, event_id
        ), planned as (
            update lead_events e set destinations = array_append(e.destinations, @Destination) from again
            where e.id = again.event_id and not @Destination = any (e.destinations)
        )
        select * from again union all select * from ungotten
        """;

    private sealed record Row(
        Guid Id, Guid SiteId, Guid? DestinationId, string? State, Guid? LeadId, int? LastStatus, string? LastError,
        DateTimeOffset? FromTime, DateTimeOffset? ToTime,
        bool Missed, DateTimeOffset CreatedAt)
    {
        public DeliveryFilter Filter =>
            new(DeliveryStates.TryParse(State), DestinationId, LeadId, FromTime, ToTime, Status: LastStatus, Error: LastError);
    }
}
