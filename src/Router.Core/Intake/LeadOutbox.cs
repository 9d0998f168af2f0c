using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;
using Router.Core.SetAside;

namespace Router.Core.Intake;

/// <summary>How many events wait in the outbox, and the time at which the oldest came.</summary>
public sealed record WaitingInOutbox(long Count, DateTimeOffset? Since);

/// <summary>A message in the outbox.</summary>
/// <param name="Id">Older is smaller.</param>
/// <param name="EventId">The event.</param>
/// <param name="Queue">Where it is to be published.</param>
/// <param name="Again">Whether it may have been planned before: it was set aside, or came back from RabbitMQ.</param>
/// <param name="IsTooLarge">Whether it can't be published.</param>
/// <param name="Message">What is published; null where it is too large.</param>
public sealed record WaitingMessage(long Id, Guid EventId, string Queue, bool Again, bool IsTooLarge, byte[]? Message);

/// <summary>
/// Where accepted events wait while the broker doesn't confirm them. What is kept is on disk; it is published later under the same
/// event id, so an event that the broker had after all is planned once. A row's result: whether it was kept, rather than too late.
/// </summary>
public sealed class LeadOutbox(NpgsqlDataSource database, IOptions<OutboxOptions> options, TimeProvider time, CommitMetrics metrics)
    : GroupCommit<(LeadMessage Message, long Since), bool>(availability: null, measured: metrics.Of("outbox"))
{
    // One relay at a time, on whichever host, or the order would be lost. The number is arbitrary.
    private const long RelayLock = 0x6f7574626f78;

    private readonly DeadConnections _dead = new(database);

    /// <summary>Returns when the event is on disk.</summary>
    /// <exception cref="Exception">
    /// It isn't, or not within <see cref="OutboxOptions.CommitTimeout"/>, and the sender must hear of it.
    /// </exception>
    public async Task Keep(LeadMessage message)
    {
        if (!await Commit((message, time.GetTimestamp())).WaitAsync(options.Value.CommitTimeout, time))
            throw new TimeoutException("The outbox didn't come to it in time.");
    }

    /// <summary>Hands the oldest events to <paramref name="publish"/> in their order and forgets them once that is done.</summary>
    /// <param name="most">As many at a time.</param>
    /// <param name="largest">
    /// What is larger, in bytes, is set aside: the broker would refuse it for ever, and with it all that is behind it.
    /// </param>
    /// <param name="publish">Returns when the broker has them all. If it throws, all of them stay.</param>
    /// <param name="cancellationToken">Ends it; what isn't forgotten is published again.</param>
    /// <returns>How many were done with; null while another host is at it.</returns>
    public async Task<int?> Relay(
        int most, int largest, Func<IReadOnlyList<WaitingMessage>, Task> publish, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A host that freezes or is cut off here must not keep the lock: nobody else's events would go out.
        await connection.ExecuteAsync(new CommandDefinition(
            "set local idle_in_transaction_session_timeout = '20s'", transaction: transaction, cancellationToken: cancellationToken));
        // By itself: a statement sees what was there when it began, and so might see what the other one has just published.
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_xact_lock(@RelayLock)", new { RelayLock }, transaction, cancellationToken: cancellationToken)))
            return null;

        // The size is read without the contents. As many as fit, and one at least.
        const string oldest = """
            select id, event_id, queue, again, size > @largest as is_too_large, case when size <= @largest then message end as message
            from (select *, octet_length(message) as size, sum(least(octet_length(message), @largest)) over (order by id) as bytes
                  from (select * from lead_outbox order by id limit @most) o) o
            where bytes - least(size, @largest) <= @largest
            order by id
            """;
        var rows = (await connection.QueryAsync<WaitingMessage>(new CommandDefinition(
            oldest, new { most, largest }, transaction, cancellationToken: cancellationToken))).AsList();
        if (rows.Count == 0)
            return 0;

        if (rows.FindAll(row => !row.IsTooLarge) is { Count: > 0 } messages)
            await publish(messages);
        foreach (var row in rows.Where(row => row.IsTooLarge))
            await SetAside(connection, row.Id, cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from lead_outbox where id = any(@Ids)", new { Ids = rows.ConvertAll(row => row.Id) }, transaction,
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return rows.Count;
    }

    /// <summary>Sets the oldest aside: the broker refuses it for what it is.</summary>
    public async Task SetAsideOldest(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "select id from lead_outbox order by id limit 1 for update", transaction: transaction,
            cancellationToken: cancellationToken)) is not { } id)
            return;

        await SetAside(connection, id, cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition("delete from lead_outbox where id = @id", new { id }, transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    // The contents needn't come here and go back.
    private static async Task SetAside(NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        var facts = MessageFacts.Of(await connection.ExecuteScalarAsync<byte[]>(new CommandDefinition(
            "select substr(message, 1, @Enough) from lead_outbox where id = @id", new { id, MessageFacts.Enough },
            cancellationToken: cancellationToken)));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into set_aside (queue, reason, event_id, site_id, lead_id, action, accepted_at, size, digest, message)
            select queue, @TooLarge, event_id, @SiteId, @LeadId, @Action, @AcceptedAt, octet_length(message), sha256(message), message
            from lead_outbox where id = @id
            on conflict (queue, digest) do nothing
            """,
            new { id, TooLarge = SetAsideReason.TooLarge.Text(), facts.SiteId, facts.LeadId, facts.Action, facts.AcceptedAt },
            commandTimeout: 60, cancellationToken: cancellationToken));
    }

    /// <summary>Returns when events that RabbitMQ gave up are on disk, to be published again.</summary>
    public async Task KeepReturned(IReadOnlyList<(Guid EventId, ReadOnlyMemory<byte> Message)> events)
    {
        await using var connection = await database.OpenConnectionAsync();
        using var standby = new StandbyConfirmation(connection);
        await using var command = new NpgsqlCommand(
            """
            insert into lead_outbox (event_id, message, queue, again)
            select event_id, message, $3, true from unnest($1, $2) with ordinality as m (event_id, message, place) order by place
            """, connection);
        command.Add(NpgsqlDbType.Uuid, events, returned => returned.EventId);
        command.Add(NpgsqlDbType.Bytea, events, returned => returned.Message);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = LeadEvent.QueueName });
        await command.ExecuteNonQueryAsync();
        standby.Require();
    }

    /// <summary>What waits at present.</summary>
    public async Task<WaitingInOutbox> Waiting(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<WaitingInOutbox>(
            new CommandDefinition(
                "select count(*) as count, min(kept_at) as since from lead_outbox", cancellationToken: cancellationToken));
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<bool>> Write(
        IReadOnlyList<(LeadMessage Message, long Since)> rows, CancellationToken cancellationToken)
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
            _dead.Replace();
            throw;
        }

        return kept;
    }

    private async Task Insert(List<LeadMessage> messages, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        using var standby = new StandbyConfirmation(connection);
        // In their order, which is that of the ids.
        await using var command = new NpgsqlCommand(
            """
            insert into lead_outbox (event_id, message)
            select event_id, message from unnest($1, $2) with ordinality as m (event_id, message, place) order by place
            """, connection);
        command.Add(NpgsqlDbType.Uuid, messages, message => message.EventId);
        command.Add(NpgsqlDbType.Bytea, messages, message => message.Utf8);
        await command.ExecuteNonQueryAsync(cancellationToken);
        standby.Require();
    }
}
