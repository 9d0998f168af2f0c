using Dapper;
using MassTransit;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Duties;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Worker;

/// <summary>
/// Moves retries that are due from Postgres to the retry queue. Every worker does it; a row is leased to the queue, so that
/// none is queued twice, and comes due again should the queue lose it.
/// </summary>
internal sealed class DueDeliveries(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, CurrentBus bus, IOptions<RetryQueueOptions> options,
    IOptions<DeliveryOptions> delivery, DestinationBulkheads bulkheads, HostDuties duties, DirectoryChanges changes, TimeProvider time)
    : BackgroundService
{
    private readonly SemaphoreSlim _woken = new(0, 1);

    private const int Batch = 250;

    // Woken for one, it takes those along that come right after it.
    private static readonly TimeSpan Company = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

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
                if (queued < options.Value.MaxQueuedRetries && await _woken.WaitAsync(Pause(queued), stoppingToken))
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

    // Where many were queued, a site's share may have kept others back.
    private TimeSpan Pause(int queued) =>
        queued == 0 || queued < options.Value.MaxQueuedRetries / 4 || options.Value.DueInterval < Soon ? options.Value.DueInterval : Soon;

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
            due = await Sized(due, limit.Token);
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
        // and never stand before another's. So do those of a site, and what this worker would let no request through for. The first part
        // hops from one destination with retries to the next. Where there is a pace, no more come than have a turn by now; tests have none.
        // Leased for longer than an attempt may take: in the queue. Of a site the Lead Manager is first, then who has waited longest; and
        // each site's first come before any's second.
        const string sql = """
            with recursive waiting as (
                (select destination_id from deliveries where state = 'retrying' order by destination_id limit 1)
                union all
                select (select d.destination_id from deliveries d
                        where d.state = 'retrying' and d.destination_id > w.destination_id order by d.destination_id limit 1)
                from waiting w where w.destination_id is not null
            ), room as (
                select x.id as destination_id, x.site_id, x.kind, queued.since, queued.in_queue,
                       case when x.id = any (@crowdedDestinations)
                           or x.kind <> 'lead_manager' and x.site_id = any (@crowdedSites) then 0
                           else greatest(0, least(queued.ready, @MaxQueuedRetries - queued.leased, turns.count)) end as count
                from waiting w
                join destinations x on x.id = w.destination_id
                left join destination_paces p on p.destination_id = x.id and x.max_per_second is not null
                cross join lateral (
                    select count(*) filter (where oldest.leased_until > now()) as leased,
                           count(*) filter (where oldest.leased_until > now() + @QueueLease - interval '5 seconds') as just_queued,
                           count(*) filter (where oldest.leased_until > now() + @LongestLease) as in_queue,
                           count(*) filter (where oldest.leased_until is null or oldest.leased_until <= now()) as ready,
                           min(oldest.next_attempt_at) filter (where oldest.leased_until is null or oldest.leased_until <= now()) as since
                    from (select leased_until, next_attempt_at from deliveries
                          where state = 'retrying' and destination_id = w.destination_id and next_attempt_at <= now()
                          order by next_attempt_at limit @MaxQueuedRetries) oldest
                ) queued
                cross join lateral (
                    select case when x.max_per_second is null then @MaxQueuedRetries else greatest(
                        (p.backlog_at <= now())::int,
                        turns_before(greatest(p.next_at, now() - interval '1 second'), now(), interval '1 second' / x.max_per_second)
                    ) - queued.just_queued end as count
                ) turns
            ), shares as (
                select destination_id, count, since, (sum(in_queue) over (partition by site_id))::bigint as of_site,
                       coalesce(sum(count) over (
                           partition by site_id order by kind <> 'lead_manager', since, destination_id
                           rows between unbounded preceding and 1 preceding), 0)::bigint as before
                from room
            ), due as (
                select d.destination_id, d.accepted_at, d.event_id
                from (select destination_id, least(count, @MaxQueuedRetriesOfSite - of_site - before) as count from shares
                      where count > 0 and of_site + before < @MaxQueuedRetriesOfSite order by before, since) s
                cross join lateral (
                    select destination_id, accepted_at, event_id from deliveries
                    where state = 'retrying' and destination_id = s.destination_id and next_attempt_at <= now()
                      and (leased_until is null or leased_until <= now())
                    order by next_attempt_at
                    limit s.count
                    for update skip locked
                ) d
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
        var (crowdedSites, crowdedDestinations) = bulkheads.Crowded();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid EventId, Guid DestinationId, int Attempt, DateTimeOffset AcceptedAt)>(
            new CommandDefinition(
                sql,
                new
                {
                    options.Value.MaxQueuedRetries, options.Value.MaxQueuedRetriesOfSite, Batch, options.Value.QueueLease,
                    delivery.Value.LongestLease, crowdedSites, crowdedDestinations,
                },
                cancellationToken: cancellationToken));
        return [.. rows.Select(row =>
            (new RetryDelivery { EventId = row.EventId, DestinationId = row.DestinationId, Attempt = row.Attempt }, row.AcceptedAt))];
    }

    /// <summary>With the sizes of large leads. Postgres knows them without reading the leads.</summary>
    private async Task<List<(RetryDelivery Retry, DateTimeOffset AcceptedAt)>> Sized(
        List<(RetryDelivery Retry, DateTimeOffset AcceptedAt)> due, CancellationToken cancellationToken)
    {
        if (due.Count == 0)
            return due;

        const string sql = """
            select id, octet_length(body) as bytes from lead_events
            where id = any(@Ids) and id between @First and @Last and octet_length(body) > @Large
            """;
        var ids = due.ConvertAll(next => next.Retry.EventId);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var large = (await connection.QueryAsync<(Guid Id, int Bytes)>(new CommandDefinition(
            sql, new { Ids = ids, First = ids.Min(), Last = ids.Max(), LeadEvent.Large }, cancellationToken: cancellationToken)))
            .ToDictionary(row => row.Id, row => row.Bytes);
        return large.Count == 0 ? due : due.ConvertAll(next => large.TryGetValue(next.Retry.EventId, out var bytes)
            ? (next.Retry with { Bytes = bytes }, next.AcceptedAt) : next);
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
