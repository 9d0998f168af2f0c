using Dapper;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Retention;

/// <summary>
/// Notes that leads are erased, before they are: what was accepted until then and isn't planned yet is dropped when it comes, from whatever
/// queue.
/// </summary>
public static class ErasedLeads
{
    // Longer than a plan takes to be written, and not so long that leads wait behind it.
    private const string Patience = "set local lock_timeout = '1s'";

    private const int Tries = 5;

    /// <summary>Returns when no plan of before can be written any more, in a transaction of its own.</summary>
    /// <exception cref="PostgresException">Something uses the ledger for long (55P03); try again in a few minutes.</exception>
    public static async Task Mark(
        NpgsqlDataSource database, IReadOnlyList<(Guid SiteId, Guid LeadId)> leads, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        for (var tries = 1; leads.Count > 0; tries++)
        {
            try
            {
                await TryMark(database, leads, now, cancellationToken);
                return;
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable && tries < Tries)
            {
                // Leads had their turn meanwhile.
            }
        }
    }

    private static async Task TryMark(
        NpgsqlDataSource database, IReadOnlyList<(Guid SiteId, Guid LeadId)> leads, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // By the later of two clocks, and not before what was accepted by a third.
        await using (var mark = new NpgsqlCommand(
            """
            insert into erased_leads as x (site_id, lead_id, erased_at)
            select l.site_id, l.lead_id, greatest(now(), $3, max(e.accepted_at))
            from unnest($1, $2) as l (site_id, lead_id)
            left join lead_events e on e.site_id = l.site_id and e.lead_id = l.lead_id
            group by l.site_id, l.lead_id
            on conflict (site_id, lead_id) do update set erased_at = greatest(x.erased_at, excluded.erased_at)
            """, connection))
        {
            mark.Add(NpgsqlDbType.Uuid, leads, lead => lead.SiteId);
            mark.Add(NpgsqlDbType.Uuid, leads, lead => lead.LeadId);
            mark.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
            await mark.ExecuteNonQueryAsync(cancellationToken);
        }

        // Whoever plans now ends first, and so is seen by the erasure; whoever comes later sees the mark.
        await connection.ExecuteAsync(new CommandDefinition(
            $"{Patience}; lock table only lead_events in share row exclusive mode", transaction: transaction,
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }
}
