using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// Pauses destinations and lets them go on. While one is paused its deliveries are held; one of them probes it from time to time, unless a
/// person has paused it. Once it is well, or that person resumes it, what is held is let go in batches that double.
/// Every step is one statement that any worker may run at any time: what a second one finds done it leaves alone.
/// </summary>
public sealed class DestinationPauses(NpgsqlDataSource database, IOptions<PauseOptions> options)
{
    // Sweeps take so many rows at a time, so that none locks a backlog as a whole.
    private const int MostRows = 5_000;

    // Let go at a time: what goes is sent as soon as it can, beside fresh leads that need the same disk and processors.
    private const int MostDrained = 64;

    /// <summary>A recursive CTE: which destinations have held deliveries, by one step in the index for each.</summary>
    internal const string Holding = $"""
        holding (id) as (
            (select d.destination_id from deliveries d where {LeadOrder.IsHeldForDestination} order by d.destination_id limit 1)
            union all
            select (select d.destination_id from deliveries d
                    where {LeadOrder.IsHeldForDestination} and d.destination_id > holding.id order by d.destination_id limit 1)
            from holding where holding.id is not null
        )
        """;

    /// <summary>
    /// Pauses a destination that is down, however few its failures: nothing got through for <see cref="PauseOptions.PauseAfter"/>. For a
    /// Lead Manager, whose leads are held rather than given up.
    /// </summary>
    /// <returns>Whether it is paused now; false when it takes other leads, so that it is this one which it doesn't take.</returns>
    public async ValueTask<bool> PauseIfDown(Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = """
            with down as (select since from destination_failures where destination_id = @destinationId and since <= now() - @PauseAfter),
            paused as (
                update destinations
                set paused_at = now(), paused_by = 'router',
                    pause_reason = 'Nothing gets through.'
                where id = @destinationId and active and paused_at is null and exists (select from down)
                returning id
            )
            select exists (select from paused) or exists (select from destinations where id = @destinationId and paused_at is not null)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(sql, new { destinationId, options.Value.PauseAfter }, cancellationToken: cancellationToken));
    }

    /// <summary>Pauses what has failed often and long enough; which ones.</summary>
    public Task<List<Guid>> PauseFailing(CancellationToken cancellationToken) => Ids(
        """
        update destinations d
        set paused_at = now(), paused_by = 'router', pause_reason = f.failures || ' requests in a row failed.'
        from destination_failures f
        where f.destination_id = d.id and f.failures >= @PauseFailures and f.since <= now() - @PauseAfter
          and d.active and d.paused_at is null
        returning d.id
        """, cancellationToken);

    /// <summary>
    /// Whether a destination is paused. Asked before <see cref="Hold"/>, <see cref="Probe"/> and <see cref="Resume"/>: where Postgres has
    /// no statistics of a young table, it prepares for many by reading the whole ledger, and would each second, for nothing.
    /// </summary>
    public async Task<bool> Any(CancellationToken cancellationToken)
    {
        const string sql = "select exists (select from destinations where paused_at is not null)";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }

    /// <summary>Holds what waits for paused destinations; what is in a worker's hands or a probe stays. How many.</summary>
    public async Task<int> Hold(CancellationToken cancellationToken)
    {
        var sql = $"""
            with waiting as (
                select r.destination_id, r.accepted_at, r.event_id
                from destinations x
                cross join lateral (
                    select d.destination_id, d.accepted_at, d.event_id
                    from deliveries d join lead_events e on e.id = d.event_id
                    where d.destination_id = x.id and d.state = 'retrying' and not d.is_test and e.action not like 'integration_%'
                      and (d.leased_until is null or d.leased_until <= now())
                      and not exists (select from destination_failures f where f.destination_id = x.id and f.probe_event_id = d.event_id)
                    limit @MostRows
                    for update of d skip locked
                ) r
                where x.paused_at is not null
            )
            update deliveries d set state = 'held', next_attempt_at = null, leased_until = null
            from waiting w where {DeliveryCancellation.Is("w")}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { MostRows }, cancellationToken: cancellationToken));
    }

    /// <summary>Sends the oldest held delivery of each destination whose probe is due; which destinations.</summary>
    public Task<List<Guid>> Probe(CancellationToken cancellationToken) => Ids(
        $"""
        with due as (
            select x.id as destination_id, held.accepted_at, held.event_id
            from destinations x
            -- Without failures it is well, and to be resumed.
            join destination_failures f on f.destination_id = x.id
            cross join lateral (
                select d.accepted_at, d.event_id from deliveries d
                where d.destination_id = x.id and {LeadOrder.IsHeldForDestination} order by d.accepted_at limit 1 for update skip locked
            ) held
            where x.paused_by = 'router' and coalesce(f.probe_at, x.paused_at + @ProbeInterval) <= now()
              and not exists (
                  select from deliveries p where p.destination_id = x.id and p.state = 'retrying' and p.event_id = f.probe_event_id)
        ), noted as (
            update destination_failures f
            set probe_event_id = due.event_id,
                probe_interval = least(@MaxProbeInterval, coalesce(f.probe_interval * 2, @ProbeInterval)),
                probe_at = now() + least(@MaxProbeInterval, coalesce(f.probe_interval * 2, @ProbeInterval))
            from due where f.destination_id = due.destination_id
        )
        update deliveries d set state = 'retrying', next_attempt_at = now(), leased_until = null
        from due where {DeliveryCancellation.Is("due")}
        returning d.destination_id
        """, cancellationToken);

    /// <summary>Lets go on what is well again: its failures are gone, because a probe or a test got through. Which ones.</summary>
    public Task<List<Guid>> Resume(CancellationToken cancellationToken) => Ids(
        """
        update destinations d set paused_at = null, paused_by = null, pause_reason = null
        where d.paused_by = 'router' and not exists (select from destination_failures f where f.destination_id = d.id)
        returning d.id
        """, cancellationToken);

    /// <summary>Which destinations are sent nothing at that time, because of their quiet hours.</summary>
    public async Task<List<Guid>> Quiet(DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string sql = "select id, quiet_hours::text as times from destinations where quiet_hours is not null and active";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid Id, string Times)>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return [.. rows.Where(row => QuietTimes.Parse(row.Times)?.EndAt(now) is not null).Select(row => row.Id)];
    }

    /// <summary>Lets the next batch of held deliveries go, of each destination that isn't paused; how many.</summary>
    /// <param name="grow">Whether it may be twice as large as the one before.</param>
    /// <param name="quiet">Which destinations are left alone.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<int> Drain(bool grow, IReadOnlyCollection<Guid> quiet, CancellationToken cancellationToken)
    {
        var sql = $"""
            with recursive {Holding}, batches as (
                insert into destination_drains (destination_id)
                select x.id from holding h join destinations x on x.id = h.id where x.paused_at is null and x.active
                  and x.id <> all (@quiet)
                on conflict (destination_id) do update
                set batch = least(destination_drains.batch * case when @grow then 2 else 1 end, @MostDrained)
                returning destination_id, batch
            ), ended as (
                delete from destination_drains where destination_id not in (select id from holding where id is not null)
            ), freed as (
                select d.destination_id, d.accepted_at, d.event_id
                from batches b
                cross join lateral (
                    select d.destination_id, d.accepted_at, d.event_id from deliveries d
                    where d.destination_id = b.destination_id and {LeadOrder.IsHeldForDestination}
                    order by d.accepted_at limit b.batch for update skip locked
                ) d
            )
            update deliveries d set state = 'retrying', next_attempt_at = now(), leased_until = null, retry_step = 0
            from freed f where {DeliveryCancellation.Is("f")}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql, new { MostDrained, grow, quiet = quiet.ToArray() }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Cancels what is held for destinations that are off: their receiver answered 410, or it was held at the moment in which its owner
    /// switched it off. Unlike a retry it never comes due, so nobody else would. How many.
    /// </summary>
    public async Task<int> Abandon(CancellationToken cancellationToken)
    {
        var sql = $"""
            with recursive {Holding}, abandoned as (
                select d.destination_id, d.accepted_at, d.event_id
                from holding h join destinations x on x.id = h.id
                cross join lateral (
                    select d.destination_id, d.accepted_at, d.event_id from deliveries d
                    where d.destination_id = x.id and {LeadOrder.IsHeldForDestination} limit @MostRows for update skip locked
                ) d
                where not x.active
            )
            {DeliveryCancellation.Cancel} from abandoned a where {DeliveryCancellation.Is("a")}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { MostRows }, cancellationToken: cancellationToken));
    }

    private async Task<List<Guid>> Ids(string sql, CancellationToken cancellationToken)
    {
        var pause = options.Value;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<Guid>(new CommandDefinition(
            sql, new { pause.PauseFailures, pause.PauseAfter, pause.ProbeInterval, pause.MaxProbeInterval },
            cancellationToken: cancellationToken))).AsList();
    }
}
