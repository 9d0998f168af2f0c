using System.Security.Cryptography;
using Dapper;
using Npgsql;

namespace Router.Core.SetAside;

/// <summary>What an operator decides about messages that are set aside, in the caller's transaction.</summary>
public static class SetAsideDecisions
{
    // A statement's worth; the rest of a long list comes in further steps.
    private const int Most = 1_000;

    /// <summary>Moves them into the outbox, oldest first; those without contents or above the size stay. How many went.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="ids">These; null for all of <paramref name="reason"/>.</param>
    /// <param name="reason">Only these; null for all.</param>
    /// <param name="largest">The largest message that can be published, in bytes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task<int> SendAgain(
        NpgsqlConnection connection, Guid[]? ids, string? reason, int largest, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(
            $"""
            with gone as (
                delete from set_aside where id in (
                    select id from set_aside
                    where {Which} and message is not null and size <= @largest
                    order by accepted_at nulls last, set_aside_at limit @Most for update skip locked)
                returning queue, event_id, accepted_at, set_aside_at, message
            ), sent as (
                insert into lead_outbox (event_id, message, queue, again)
                select coalesce(event_id, gen_random_uuid()), message, queue, true from gone order by accepted_at nulls last, set_aside_at
                returning 1
            )
            select count(*)::int from sent
            """, new { ids, reason, largest, Most }, commandTimeout: 60, cancellationToken: cancellationToken));

    /// <summary>Deletes them for good. How many.</summary>
    public static Task<int> Delete(NpgsqlConnection connection, Guid[]? ids, string? reason, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
        $"delete from set_aside where id in (select id from set_aside where {Which} limit @Most for update skip locked)",
        new { ids, reason, Most }, commandTimeout: 60, cancellationToken: cancellationToken));

    /// <summary>Puts a corrected message in the place of one. False when it is gone meanwhile.</summary>
    public static async Task<bool> Correct(NpgsqlConnection connection, Guid id, byte[] message, CancellationToken cancellationToken)
    {
        var facts = MessageFacts.Of(message);
        return await connection.ExecuteAsync(new CommandDefinition(
            """
            update set_aside
            set message = @message, size = @Length, digest = @Digest, event_id = coalesce(@EventId, event_id), site_id = @SiteId,
                lead_id = @LeadId, action = @Action, accepted_at = coalesce(@AcceptedAt, accepted_at)
            where id = @id
            """,
            new { id, message, message.Length, Digest = SHA256.HashData(message), facts.EventId, facts.SiteId, facts.LeadId, facts.Action,
                facts.AcceptedAt },
            commandTimeout: 60, cancellationToken: cancellationToken)) == 1;
    }

    private const string Which = "(@ids::uuid[] is null or id = any(@ids)) and (@reason::text is null or reason = @reason)";
}
