using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Leads;

/// <summary>How many events wait in the outbox, and the time at which the oldest came.</summary>
public sealed record WaitingInOutbox(long Count, DateTimeOffset? Since);

/// <summary>
/// Where accepted events wait while the broker doesn't confirm them. What is kept is on disk; it is published later under the same
/// event id, so an event that the broker had after all is planned once. A row's result: whether it was kept, rather than too late.
/// </summary>
public sealed class LeadOutbox(NpgsqlDataSource database, IOptions<OutboxOptions> options, TimeProvider time) : GroupCommit<(LeadMessage Message, long Since), bool>(availability: null)
{
    // One relay at a time, on whichever host, or the order would be lost. The number is arbitrary.
    private const long RelayLock = 0x6f7574626f78;

    /// <summary>Returns when the event is on disk.</summary>
    /// <exception cref="Exception">It isn't, or not within <see cref="OutboxOptions.CommitTimeout"/>, and the sender must hear of it.</exception>
    public async Task Keep(LeadMessage message)
    {
        if (!await Commit((message, time.GetTimestamp())).WaitAsync(options.Value.CommitTimeout, time))
            throw new TimeoutException("The outbox didn't come to it in time.");
    }

    /// <summary>Hands the oldest events to <paramref name="publish"/> in their order and forgets them once that is done.</summary>
    /// <param name="most">As many at a time.</param>
    /// <param name="publish">Returns when the broker has them all. If it throws, all of them stay.</param>
    /// <param name="cancellationToken">Ends it; what isn't forgotten is published again.</param>
    /// <returns>How many were published; null while another host is at it.</returns>
    public async Task<int?> Relay(int most, Func<IReadOnlyList<LeadMessage>, Task> publish, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A host that freezes or is cut off here must not keep the lock: nobody else's events would go out.
        await connection.ExecuteAsync(new CommandDefinition("set local idle_in_transaction_session_timeout = '20s'", transaction: transaction, cancellationToken: cancellationToken));
        // By itself: a statement sees what was there when it began, and so might see what the other one has just published.
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_xact_lock(@RelayLock)", new { RelayLock }, transaction, cancellationToken: cancellationToken)))
            return null;
        var rows = (await connection.QueryAsync<(long Id, Guid EventId, byte[] Message)>(new CommandDefinition(
            "select id, event_id, message from lead_outbox order by id limit @most", new { most }, transaction, cancellationToken: cancellationToken))).AsList();
        if (rows.Count == 0)
            return 0;

        await publish(rows.ConvertAll(row => new LeadMessage(row.EventId, row.Message)));
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from lead_outbox where id = any(@Ids)", new { Ids = rows.ConvertAll(row => row.Id) }, transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return rows.Count;
    }

    /// <summary>What waits at present.</summary>
    public async Task<WaitingInOutbox> Waiting(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<WaitingInOutbox>(
            new CommandDefinition("select count(*) as count, min(kept_at) as since from lead_outbox", cancellationToken: cancellationToken));
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<bool>> Write(IReadOnlyList<(LeadMessage Message, long Since)> rows, CancellationToken cancellationToken)
    {
        // Whose sender has been told otherwise meanwhile isn't kept after all.
        var kept = rows.Select(row => time.GetElapsedTime(row.Since) < options.Value.CommitTimeout).ToArray();
        var wanted = rows.Where((_, i) => kept[i]).Select(row => row.Message).ToList();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.CommitTimeout);
        try
        {
            await Insert(wanted, limit.Token);
        }
        catch (Exception broken) when (DatabaseAvailability.IsOutage(broken) && !limit.IsCancellationRequested)
        {
            // A connection of the pool may be one of a server that is gone, while the server is there.
            await Insert(wanted, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nor does a dead connection say so, and its neighbours in the pool are as dead: each would cost the next events as much time.
            database.Clear();
            throw;
        }

        return kept;
    }

    private async Task Insert(List<LeadMessage> messages, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // In their order, which is that of the ids.
        await using var command = new NpgsqlCommand(
            """
            insert into lead_outbox (event_id, message)
            select event_id, message from unnest($1, $2) with ordinality as m (event_id, message, place) order by place
            """, connection);
        command.Add(NpgsqlDbType.Uuid, messages, message => message.EventId);
        command.Add(NpgsqlDbType.Bytea, messages, message => message.Utf8);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
