using System.Security.Cryptography;
using Dapper;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.SetAside;

/// <summary>A message that is set aside; nothing of the lead but its id.</summary>
/// <param name="Id">Its id here.</param>
/// <param name="SetAsideAt">When.</param>
/// <param name="Queue">The queue that it came from.</param>
/// <param name="Reason">The word of a <see cref="SetAsideReason"/>.</param>
/// <param name="Detail">The kind of failure; null where the reason says it all.</param>
/// <param name="EventId">Null, like all that follow, where it can't be read.</param>
/// <param name="SiteId">The site.</param>
/// <param name="SiteName">The site's name, if it is in the database.</param>
/// <param name="LeadId">The lead.</param>
/// <param name="Action">What happened to the lead.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Size">Of the message, in bytes.</param>
/// <param name="HasMessage">Whether its contents are still there.</param>
public sealed record SetAsideMessage(
    Guid Id, DateTimeOffset SetAsideAt, string Queue, string Reason, string? Detail, Guid? EventId, Guid? SiteId, string? SiteName,
    Guid? LeadId,
    string? Action, DateTimeOffset? AcceptedAt, long Size, bool HasMessage);

/// <summary>How many are set aside, since when, and why.</summary>
public sealed record SetAsideCount(string Reason, long Count, DateTimeOffset Since);

/// <summary>Messages that couldn't be taken, kept until an operator decides. Sent again they go through the outbox.</summary>
public sealed class SetAsideMessages(NpgsqlDataSource database)
{
    /// <summary>Returns when it is on disk. The same message set aside twice is kept once.</summary>
    /// <param name="queue">Where it came from, and goes when it is sent again.</param>
    /// <param name="reason">Why.</param>
    /// <param name="detail">The kind of failure, without contents.</param>
    /// <param name="message">All of it.</param>
    /// <param name="cancellationToken">Ends it; then it may be kept or not.</param>
    public async Task<MessageFacts> Keep(
        string queue, SetAsideReason reason, string? detail, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var facts = MessageFacts.Of(message.Span);
        const string sql = """
            insert into set_aside (queue, reason, detail, event_id, site_id, lead_id, action, accepted_at, size, digest, message)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict (queue, digest) do update set size = excluded.size
            """;
        // What is there already is written all the same: then its commit waits for the standby once more.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        using var standby = new StandbyConfirmation(connection);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        Add(command, queue, reason.Text(), detail, facts, message.Length, SHA256.HashData(message.Span));
        command.Parameters.Add(
            new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = message, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea });
        await command.ExecuteNonQueryAsync(cancellationToken);
        standby.Require();
        return facts;
    }

    /// <summary>What is set aside at present, by reason.</summary>
    public async Task<List<SetAsideCount>> Counts(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<SetAsideCount>(new CommandDefinition(
            "select reason, count(*) as count, min(set_aside_at) as since from set_aside group by reason order by min(set_aside_at)",
            cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Events of a site that were accepted and aren't planned, because they are set aside.</summary>
    public async Task<long> OfSite(Guid siteId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            select count(*) from set_aside
            where site_id = @siteId and coalesce(accepted_at, set_aside_at) >= @from and coalesce(accepted_at, set_aside_at) < @to
            """, new { siteId, from, to }, cancellationToken: cancellationToken));
    }

    /// <summary>Newest first.</summary>
    /// <param name="after">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<SetAsideMessage>> Newest(Guid? after, int limit, CancellationToken cancellationToken) =>
        await Read(
            $"{(after is null ? "" : "where (a.set_aside_at, a.id) < (select set_aside_at, id from set_aside where id = @after)")} "
            + "order by a.set_aside_at desc, a.id desc limit @limit",
            new { after, limit }, cancellationToken);

    /// <summary>Null when there is none.</summary>
    public async Task<SetAsideMessage?> Find(Guid id, CancellationToken cancellationToken) =>
        (await Read("where a.id = @id", new { id }, cancellationToken)).SingleOrDefault();

    /// <summary>Its contents: a person's. Null when there are none.</summary>
    public async Task<byte[]?> Contents(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
            "select message from set_aside where id = @id", new { id }, commandTimeout: 60, cancellationToken: cancellationToken));
    }

    private async Task<List<SetAsideMessage>> Read(string which, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<SetAsideMessage>(new CommandDefinition(
            $"""
            select a.id, a.set_aside_at, a.queue, a.reason, a.detail, a.event_id, a.site_id, s.name as site_name, a.lead_id, a.action,
                   a.accepted_at, a.size, a.message is not null as has_message
            from set_aside a left join sites s on s.id = a.site_id
            {which}
            """, parameters, cancellationToken: cancellationToken))).AsList();
    }

    internal static void Add(
        NpgsqlCommand command, string queue, string reason, string? detail, MessageFacts facts, long size, byte[] digest)
    {
        foreach (var value in new object?[] { queue, reason, detail, facts.EventId, facts.SiteId, facts.LeadId, facts.Action,
            facts.AcceptedAt?.UtcDateTime, size, digest })
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
    }
}
