using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>
/// Forgets who leads were once the contents of their day are gone, and that they were there once its rows are. Which were duplicates for a
/// filter goes after 30 days, or with the contents.
/// </summary>
internal static class OldLeads
{
    private const int Most = 5_000;

    /// <summary>In steps, so that none holds locks for long.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="bodies">Contents of what came before this are deleted.</param>
    /// <param name="rows">Rows of what came last before this are dropped.</param>
    /// <param name="prints">What came before this is no longer looked at for duplicates.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task Drop(
        NpgsqlConnection connection, DateTimeOffset bodies, DateTimeOffset rows, DateTimeOffset prints,
        CancellationToken cancellationToken)
    {
        // The condition of the index leads_named.
        const string forget = """
            update leads
            set first_name = '', last_name = '', email = '', phone = '', source = '', email_print = null, person_print = null
            where ctid = any (array(
                select ctid from leads where first_at < @bodies and (search <> E' \n\n' or source <> '')
                order by first_at limit @Most for update skip locked))
            """;
        const string drop = """
            delete from leads where ctid = any (array(
                select ctid from leads where first_at < @rows and last_at < @rows limit @Most for update skip locked))
            """;
        const string dropPrints = """
            delete from lead_prints where ctid = any (array(
                select ctid from lead_prints where accepted_at < @prints limit @Most for update skip locked))
            """;
        // What was accepted before is planned, or lost, by then.
        const string dropErased = """
            delete from erased_leads where ctid = any (array(
                select ctid from erased_leads where erased_at < @bodies limit @Most for update skip locked))
            """;
        var parameters = new { bodies = bodies.UtcDateTime, rows = rows.UtcDateTime, prints = prints.UtcDateTime, Most };
        foreach (var sql in new[] { forget, drop, dropPrints, dropErased })
        {
            while (await connection.ExecuteAsync(new CommandDefinition(
                sql, parameters, commandTimeout: 60, cancellationToken: cancellationToken)) == Most)
            {
            }
        }
    }
}
