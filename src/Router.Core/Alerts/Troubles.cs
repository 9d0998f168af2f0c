using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Alerts;

/// <summary>
/// Keeps what needs a person, and plans who is told of it: once when it begins, again when it gets graver, and when it is over. One worker
/// at a time looks; another goes on where it stopped.
/// </summary>
public sealed class Troubles
{
    private const long Lock = 0x74726f75626c65; // "trouble"

    private readonly NpgsqlDataSource _database;
    private readonly PresentTroubles _present;
    private readonly SlowTroubles _slow;
    private readonly PlannedAlerts _planned;
    private readonly IOptions<AlertOptions> _options;
    private readonly TimeProvider _time;

    internal Troubles(
        NpgsqlDataSource database, PresentTroubles present, SlowTroubles slow, PlannedAlerts planned, IOptions<AlertOptions> options,
        TimeProvider time) =>
        (_database, _present, _slow, _planned, _options, _time) = (database, present, slow, planned, options, time);

    /// <summary>Looks for what is found at little cost.</summary>
    /// <returns>What began, got graver and ended; null when another worker is at it.</returns>
    public async Task<TroubleNews?> LookAround(CancellationToken cancellationToken)
    {
        await using var held = await AdvisoryLock.TryTake(_database, Lock, cancellationToken);
        return held is null ? null : await Keep(await _present.Find(cancellationToken), PresentTroubles.Kinds, cancellationToken);
    }

    /// <summary>Looks at every site and destination, and forgets what ended long ago.</summary>
    /// <returns>What began, got graver and ended; null when another worker is at it.</returns>
    public async Task<TroubleNews?> LookEverywhere(CancellationToken cancellationToken)
    {
        await using var held = await AdvisoryLock.TryTake(_database, Lock, cancellationToken);
        if (held is null)
            return null;

        await using (var connection = await _database.OpenConnectionAsync(cancellationToken))
            await connection.ExecuteAsync("delete from troubles where ended_at < now() - interval '90 days'");
        return await Keep(await _slow.Find(cancellationToken), SlowTroubles.Kinds, cancellationToken);
    }

    private async Task<TroubleNews> Keep(
        IReadOnlyCollection<FoundTrouble> found, IReadOnlySet<TroubleKind> looked, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var open = await connection.QueryAsync<OpenTrouble>(
            "select id, subject, kind, told_kind, since, seen_at from troubles where ended_at is null");
        var changes = TroubleChanges.Of(open.AsList(), found, looked, now, _options.Value.ClearAfter);

        var raised = new List<(Guid Id, FoundTrouble Trouble)>();
        foreach (var trouble in changes.Opened)
        {
            var id = Guid.CreateVersion7(now);
            await Open(connection, id, trouble, now);
            raised.Add((id, trouble));
        }

        await See(connection, changes.Seen, now);
        await connection.ExecuteAsync(
            "update troubles set told_kind = kind where id = any (@ids)",
            new { ids = changes.Worse.Select(pair => pair.Open.Id).ToArray() });
        raised.AddRange(changes.Worse.Select(pair => (pair.Open.Id, pair.Found)));
        await _planned.Raise(connection, raised, now);
        await End(connection, [.. changes.Ended.Select(trouble => trouble.Id)], now);
        await transaction.CommitAsync(cancellationToken);
        return new TroubleNews(changes.Opened.Count, changes.Worse.Count, changes.Ended.Count);
    }

    private static async Task Open(NpgsqlConnection connection, Guid id, FoundTrouble trouble, DateTimeOffset now) =>
        await connection.ExecuteAsync(
        """
        insert into troubles (
            id, subject, kind, told_kind, site_id, destination_id, product, since, leads, detail, found_at, seen_at)
        values (@id, @Subject, @kind, @kind, @SiteId, @DestinationId, @Product, @since, @Leads, @Detail, @now, @now)
        """,
        new
        {
            id, trouble.Subject, kind = trouble.Kind.Text(), trouble.SiteId, trouble.DestinationId, trouble.Product,
            since = trouble.Since ?? now, trouble.Leads, trouble.Detail, now,
        });

    private static async Task See(
        NpgsqlConnection connection, IReadOnlyList<(OpenTrouble Open, FoundTrouble Found)> seen, DateTimeOffset now) =>
        await connection.ExecuteAsync(
            """
            update troubles t set kind = s.kind, leads = s.leads, detail = s.detail, seen_at = @now
            from unnest(@ids, @kinds, @leads, @details) as s (id, kind, leads, detail)
            where t.id = s.id
            """,
            new
            {
                ids = seen.Select(pair => pair.Open.Id).ToArray(),
                kinds = seen.Select(pair => pair.Found.Kind.Text()).ToArray(),
                leads = seen.Select(pair => pair.Found.Leads).ToArray(),
                details = seen.Select(pair => pair.Found.Detail).ToArray(),
                now,
            });

    private static async Task End(NpgsqlConnection connection, Guid[] ids, DateTimeOffset now)
    {
        await connection.ExecuteAsync("update troubles set ended_at = @now where id = any (@ids)", new { ids, now });
        await PlannedAlerts.Clear(connection, ids, now);
    }
}

/// <summary>What a look around found to have changed.</summary>
/// <param name="Opened">How many troubles began.</param>
/// <param name="Worse">How many got graver.</param>
/// <param name="Ended">How many are over.</param>
public sealed record TroubleNews(int Opened, int Worse, int Ended)
{
    /// <summary>Whether anything is new.</summary>
    public bool Any => Opened + Worse + Ended > 0;
}
