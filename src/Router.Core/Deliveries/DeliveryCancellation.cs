using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>Ends deliveries whose destination is no longer active, without an attempt.</summary>
public sealed class DeliveryCancellation(NpgsqlDataSource database)
{
    /// <summary>Cancels deliveries; whoever uses it says which, by <c>d</c>.</summary>
    internal const string Cancel = $"update deliveries d {Canceled}";

    /// <summary>States in which a delivery waits for something.</summary>
    internal const string Waiting = "('retrying', 'held')";

    /// <summary>The condition that <c>d</c> is the delivery of another row with its key.</summary>
    internal static string Is(string other) =>
        $"d.destination_id = {other}.destination_id and d.accepted_at = {other}.accepted_at and d.event_id = {other}.event_id";

    /// <summary>Ends what waits, and leaves no answer behind: it may repeat the lead.</summary>
    internal const string Erased = $"""
        set state = case when d.state in {Waiting} then {StateAfter} else d.state end,
            finished_at = case when d.state in {Waiting} then now() else d.finished_at end,
            next_attempt_at = null, leased_until = null, response_body = null, response_headers = null, reason = null
        """;

    // A replay of what was delivered before goes back to being that.
    private const string StateAfter = "case when d.delivered_at is null then 'canceled' else 'delivered' end";

    private const string Canceled = $"set state = {StateAfter}, next_attempt_at = null, leased_until = null, finished_at = now()";

    /// <summary>Sets one to canceled unless it is finished already.</summary>
    public async ValueTask<int> One(Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        // A number that was claimed for an attempt and not used goes back: attempts are those that were made.
        var sql = $"""
            {Planned("from lead_events e cross join (select @destinationId::uuid as id) x where e.id = @eventId")};
            update deliveries d
            set attempts = greatest(d.attempt, (
                select max(attempt) from delivery_attempts a
                where a.event_id = d.event_id and a.destination_id = d.destination_id), 0)
            from lead_events e
            where e.id = @eventId and d.destination_id = @destinationId and d.accepted_at = e.accepted_at and d.event_id = e.id
              and d.state = 'canceled' and d.attempts > coalesce(d.attempt, 0)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
            new CommandDefinition(sql, new { eventId, destinationId }, cancellationToken: cancellationToken));
    }

    /// <summary>Whether an event has lost its contents while it was on its way.</summary>
    public async ValueTask<bool> IsErased(Guid eventId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from lead_events where id = @eventId and body is null)", new { eventId },
            cancellationToken: cancellationToken));
    }

    /// <summary>Cancels what is planned, whether it has a row by now or not, unless it is finished.</summary>
    /// <param name="from">Which, as <c>from … where …</c> with the event as <c>e</c> and the destination as <c>x</c>.</param>
    internal static string Planned(string from) => $"""
        insert into deliveries as d (event_id, destination_id, site_id, accepted_at, state, finished_at)
        select e.id, x.id, e.site_id, e.accepted_at, 'canceled', now() {from}
        on conflict (destination_id, accepted_at, event_id) do update {Canceled} where d.state in {Waiting}
        """;

    /// <summary>What waits for a destination as its transaction begins: how much, and until when it was accepted.</summary>
    public static Task<(int Count, DateTimeOffset Before)> Look(
        NpgsqlConnection connection, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql =
            "select count(*)::int, now() from deliveries where destination_id = @destinationId and state in ('retrying', 'held')";
        return connection.QuerySingleAsync<(int, DateTimeOffset)>(
            new CommandDefinition(sql, new { destinationId }, commandTimeout: 60, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Cancels what waited for a destination, once it is deactivated, in small steps: in one, outcomes of requests that are under way there
    /// would wait for its end, and behind them those of everybody. Should it stop halfway, workers cancel the rest. First attempts that are
    /// under way are left to finish, and so is any request: should it get through, that counts.
    /// </summary>
    /// <param name="destinationId">Whose.</param>
    /// <param name="before">Only what was accepted before. The news of its switch stay: see the trigger <c>announce_active</c>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task All(Guid destinationId, DateTimeOffset before, CancellationToken cancellationToken)
    {
        const int mostRows = 5_000;
        var sql = $"""
            with waiting as (
                select d.destination_id, d.accepted_at, d.event_id from deliveries d join lead_events e on e.id = d.event_id
                where d.destination_id = @destinationId and d.state in {Waiting} and d.accepted_at < @before
                  and e.action not like 'integration\_%'
                limit @mostRows for update of d skip locked
            )
            {Cancel} from waiting w where {Is("w")}
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        while (await connection.ExecuteAsync(
            new CommandDefinition(sql, new { destinationId, before, mostRows }, cancellationToken: cancellationToken)) > 0)
        {
            // The next step.
        }
    }
}
