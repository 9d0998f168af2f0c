using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Incoming;
using Router.Core.Retention;

namespace Router.Api.Management;

/// <summary>Erasures on request, with the word of who asked in the audit log.</summary>
internal sealed class LeadErasure(
    NpgsqlDataSource database, ConfigurationChanges changes, DeadLetterErasure letters, TimeProvider time)
{
    public async Task<Change<Erased>> Lead(Guid site, Guid lead, CancellationToken cancellationToken)
    {
        if (!await Exists(site, cancellationToken))
            return Refusal.NoSuch("site");

        try
        {
            // Before anything else, in a transaction of its own: within the other one it would wait for a second connection.
            await ErasedLeads.Mark(database, [(site, lead)], time.GetUtcNow(), cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return Busy;
        }

        var erased = await Erase(
            site, connection => Erasure.Lead(connection, site, lead, cancellationToken), $"{lead:N}", $"{lead:N}", cancellationToken);
        if (erased.Refusal is null)
            await letters.TryErase(new HashSet<(Guid, Guid)> { (site, lead) });
        return erased;
    }

    public Task<Change<Erased>> Site(Guid site, CancellationToken cancellationToken) => Erase(
        site, connection => Erasure.Site(connection, site, cancellationToken), $"{site:D}", subject: null, cancellationToken);

    private async Task<bool> Exists(Guid site, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await SiteSettings.Find(connection, site) is not null;
    }

    private async Task<Change<Erased>> Erase(
        Guid site, Func<NpgsqlConnection, Task<Erased>> erase, string id, string? subject, CancellationToken cancellationToken)
    {
        try
        {
            await using var change = await changes.Begin(cancellationToken);
            if (await SiteSettings.Find(change.Connection, site) is not { } found)
                return Refusal.NoSuch("site");

            var erased = await erase(change.Connection);
            await change.Connection.ExecuteAsync(
                """
                insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
                values (current_setting('router.actor'), 'deleted', 'leads', @id, @subject, @site,
                        jsonb_build_object('events', jsonb_build_array(@Events::int, 0)))
                """, new { id, subject = subject ?? found.Name, site, erased.Events });
            await change.Commit(cancellationToken);
            return erased;
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return Busy;
        }
    }

    /// <summary>Retention copies a day, or something else uses the ledger for long.</summary>
    public static readonly Refusal Busy = Refusal.Conflict(
        "Contents of old leads are being deleted just now. Nothing was erased; try again in a few minutes.");
}
