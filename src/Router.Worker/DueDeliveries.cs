using Dapper;
using MassTransit;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>
/// Moves retries that are due from Postgres to the retry queue. Every worker does it; a row is leased to the queue, so that
/// none is queued twice, and comes due again should the queue lose it.
/// </summary>
internal sealed class DueDeliveries(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, CurrentBus bus, IOptions<DeliveryOptions> options,
    HostDuties duties, DirectoryChanges changes, TimeProvider time)
    : BackgroundService
{
    private readonly SemaphoreSlim _woken = new(0, 1);

    private const int Batch = 250;

    // Woken for one, it takes those along that come right after it.
    private static readonly TimeSpan Company = TimeSpan.FromMilliseconds(10);

    // What the broker gets at once it writes at once, and a fresh lead that comes then waits for its confirm behind that.
    private const int PublishedAtOnce = 32;

    private readonly Duty _duty = duties.Add("Queueing of due retries", options.Value.DueInterval);

    private static readonly IPipe<PublishContext<RetryDelivery>> Mandatory = Pipe.Execute<PublishContext<RetryDelivery>>(
        context => context.Mandatory = true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _duty.Begin();
        changes.DeliveriesDue += Wake;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // While a destination takes its share there may be more: on at once. A few can wait for company.
                var queued = await Queue(stoppingToken);
                _duty.Succeed();
                if (queued < options.Value.MaxQueuedRetries && await _woken.WaitAsync(options.Value.DueInterval, stoppingToken))
                    await Task.Delay(Company, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it was, the rows are still due; a retry loop that ends would lose them silently.
            catch (Exception failed)
            {
                _duty.Fail(failed);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    public override void Dispose()
    {
        changes.DeliveriesDue -= Wake;
        _woken.Dispose();
        base.Dispose();
    }

    private void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
        }
    }

    private async Task<int> Queue(CancellationToken cancellationToken)
    {
        var due = await Lease(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            foreach (var few in due.Chunk(PublishedAtOnce))
                await Task.WhenAll(few.Select(next => bus.Publish(next.Retry, Mandatory, limit.Token)));
        }
        catch
        {
            // Those that did reach the queue are claimed by number: queueing them once more costs nothing.
            await Release(due);
            throw;
        }

        return due.Count;
    }

    private async Task<List<(RetryDelivery Retry, DateTimeOffset AcceptedAt)>> Lease(CancellationToken cancellationToken)
    {
        // Destination by destination, each up to its share of the queue: those of a destination that doesn't answer wait here
        // and never stand before another's. The first part hops from one destination with retries to the next. Where there is a pace, no
        // more come than have a turn by now; tests have none.
        const string sql = """
            with recursive waiting as (
                (select destination_id from deliveries where state = 'retrying' order by destination_id limit 1)
                union all
                select (select d.destination_id from deliveries d
                        where d.state = 'retrying' and d.destination_id > w.destination_id order by d.destination_id limit 1)
                from waiting w where w.destination_id is not null
            ), due as (
                select d.destination_id, d.accepted_at, d.event_id
                from waiting w
                left join destinations x on x.id = w.destination_id and x.max_per_second is not null
                left join destination_paces p on p.destination_id = x.id
                cross join lateral (
                    select count(*) filter (where oldest.leased_until > now()) as leased,
                           count(*) filter (where oldest.leased_until > now() + @QueueLease - interval '5 seconds') as just_queued
                    from (select leased_until from deliveries
                          where state = 'retrying' and destination_id = w.destination_id and next_attempt_at <= now()
                          order by next_attempt_at limit @MaxQueuedRetries) oldest
                ) queued
                cross join lateral (
                    select case when x.id is null then @MaxQueuedRetries else greatest(
                        (p.backlog_at <= now())::int,
                        turns_before(greatest(p.next_at, now() - interval '1 second'), now(), interval '1 second' / x.max_per_second)
                    ) - queued.just_queued end as count
                ) turns
                cross join lateral (
                    select destination_id, accepted_at, event_id from deliveries
                    where state = 'retrying' and destination_id = w.destination_id and next_attempt_at <= now()
                      and (leased_until is null or leased_until <= now())
                    order by next_attempt_at
                    limit greatest(0, least(@MaxQueuedRetries - queued.leased, turns.count))
                    for update skip locked
                ) d
                where w.destination_id is not null
                limit @Batch
            ), tests as (
                select d.destination_id, d.accepted_at, d.event_id
                from waiting w
                join destinations x on x.id = w.destination_id and x.max_per_second is not null
                cross join lateral (
                    select destination_id, accepted_at, event_id from deliveries
                    where is_test and destination_id = w.destination_id and state = 'retrying' and next_attempt_at <= now()
                      and (leased_until is null or leased_until <= now()) and accepted_at > now() - interval '1 hour'
                    for update skip locked
                ) d
            )
            update deliveries d set leased_until = now() + @QueueLease
            from (select * from due union select * from tests) due
            where d.destination_id = due.destination_id and d.accepted_at = due.accepted_at and d.event_id = due.event_id
            returning d.event_id, d.destination_id, d.attempts + 1 as attempt, d.accepted_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid EventId, Guid DestinationId, int Attempt, DateTimeOffset AcceptedAt)>(
            new CommandDefinition(
            sql, new { options.Value.MaxQueuedRetries, Batch, options.Value.QueueLease }, cancellationToken: cancellationToken));
        return [.. rows.Select(row =>
            (new RetryDelivery { EventId = row.EventId, DestinationId = row.DestinationId, Attempt = row.Attempt }, row.AcceptedAt))];
    }

    private async Task Release(List<(RetryDelivery Retry, DateTimeOffset AcceptedAt)> due)
    {
        const string sql = """
            update deliveries d set leased_until = null
            from unnest(@Events, @Destinations, @Attempts, @Times) as u (event_id, destination_id, attempt, accepted_at)
            where d.destination_id = u.destination_id and d.accepted_at = u.accepted_at and d.event_id = u.event_id
              and d.state = 'retrying' and d.attempts = u.attempt - 1
            """;
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new
        {
            Events = due.ConvertAll(next => next.Retry.EventId),
            Destinations = due.ConvertAll(next => next.Retry.DestinationId),
            Attempts = due.ConvertAll(next => next.Retry.Attempt!.Value),
            Times = due.ConvertAll(next => next.AcceptedAt.UtcDateTime),
        });
    }
}
