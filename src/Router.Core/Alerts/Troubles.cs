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

    /// <summary>
    /// Looks for what is found at little cost; and at every site and many destinations where nobody has for
    /// <see cref="AlertOptions.SlowInterval"/>.
    /// </summary>
    /// <param name="everywhere">Whether it may look at everything: not while a host that has just started catches up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What began, got graver and ended; null when another worker is at it.</returns>
    public async Task<TroubleNews?> Look(bool everywhere, CancellationToken cancellationToken)
    {
        await using var held = await AdvisoryLock.TryTake(_database, Lock, cancellationToken);
        if (held is null)
            return null;

        var news = await _present.Find(cancellationToken) is { } found
            ? await Keep(found, PresentTroubles.Kinds, cancellationToken) : new TroubleNews(0, 0, 0);
        if (!everywhere || !await IsTimeToLookEverywhere(cancellationToken))
            return news;

        var (slow, looked) = await _slow.Find(cancellationToken);
        return news.And(await Keep(slow, looked, cancellationToken));
    }

    /// <summary>Says so before, so that a look that fails isn't tried each half minute; and forgets what ended long ago.</summary>
    private async Task<bool> IsTimeToLookEverywhere(CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var isTime = await connection.ExecuteAsync(new CommandDefinition(
            "update trouble_looks set looked_at = now() where looked_at <= now() - @SlowInterval", new { _options.Value.SlowInterval },
            cancellationToken: cancellationToken)) > 0;
        if (isTime)
            await connection.ExecuteAsync("delete from troubles where ended_at < now() - interval '90 days'");
        return isTime;
    }

    private async Task<TroubleNews> Keep(
        IReadOnlyCollection<FoundTrouble> found, IReadOnlySet<TroubleKind> looked, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var open = await connection.QueryAsync<OpenTrouble>(
            "select id, subject, kind, told_kind, told_count, seen_at from troubles where ended_at is null");
        var changes = TroubleChanges.Of(open.AsList(), found, looked, now, _options.Value.ClearAfter);
        await See(connection, changes.Seen, now);
        var worse = changes.Worse.Select(pair => pair.Open.Id).ToArray();
        await connection.ExecuteAsync("update troubles set told_kind = kind, told_count = count where id = any (@worse)", new { worse });
        var opened = await Open(connection, changes.Opened, now);
        await _planned.Raise(connection, [.. opened, .. worse], now);
        var ended = changes.Ended.Select(trouble => trouble.Id).ToArray();
        await connection.ExecuteAsync("update troubles set ended_at = @now where id = any (@ended)", new { ended, now });
        await PlannedAlerts.Clear(connection, ended, now);
        await transaction.CommitAsync(cancellationToken);
        return new TroubleNews(opened.Length, worse.Length, ended.Length);
    }

    private static async Task<Guid[]> Open(NpgsqlConnection connection, IReadOnlyList<FoundTrouble> troubles, DateTimeOffset now)
    {
        var rows = troubles.Select(trouble => (Id: Guid.CreateVersion7(now), Trouble: trouble)).ToList();
        await connection.ExecuteAsync(
            """
            insert into troubles (
                id, subject, kind, told_kind, told_count, site_id, destination_id, product, since, count, detail, found_at, seen_at)
            values (@Id, @Subject, @kind, @kind, @Count, @SiteId, @DestinationId, @Product, @since, @Count, @Detail, @now, @now)
            """,
            rows.ConvertAll(row => new
            {
                row.Id, row.Trouble.Subject, kind = row.Trouble.Kind.Text(), row.Trouble.Count, row.Trouble.SiteId,
                row.Trouble.DestinationId, row.Trouble.Product, since = row.Trouble.Since ?? now, row.Trouble.Detail, now,
            }));
        return [.. rows.Select(row => row.Id)];
    }

    private static async Task See(
        NpgsqlConnection connection, IReadOnlyList<(OpenTrouble Open, FoundTrouble Found)> seen, DateTimeOffset now) =>
        await connection.ExecuteAsync(
            """
            update troubles t
            set kind = s.kind, count = s.count, told_count = least(t.told_count, s.count), detail = s.detail, seen_at = @now
            from unnest(@ids, @kinds, @counts, @details) as s (id, kind, count, detail)
            where t.id = s.id
            """,
            new
            {
                ids = seen.Select(pair => pair.Open.Id).ToArray(),
                kinds = seen.Select(pair => pair.Found.Kind.Text()).ToArray(),
                counts = seen.Select(pair => pair.Found.Count).ToArray(),
                details = seen.Select(pair => pair.Found.Detail).ToArray(),
                now,
            });
}

/// <summary>What a look around found to have changed.</summary>
/// <param name="Opened">How many troubles began.</param>
/// <param name="Worse">How many got graver.</param>
/// <param name="Ended">How many are over.</param>
public sealed record TroubleNews(int Opened, int Worse, int Ended)
{
    /// <summary>Together with another look.</summary>
    public TroubleNews And(TroubleNews other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new TroubleNews(Opened + other.Opened, Worse + other.Worse, Ended + other.Ended);
    }

    /// <summary>Whether anything is new.</summary>
    public bool Any => Opened + Worse + Ended > 0;
}
