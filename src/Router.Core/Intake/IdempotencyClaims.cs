using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Intake;

/// <summary>The request that an <c>Idempotency-Key</c> stands for.</summary>
/// <param name="Body">The hash of its body.</param>
/// <param name="AcceptedAt">When it was accepted first.</param>
public readonly record struct IdempotencyClaim(Guid Body, DateTimeOffset AcceptedAt);

/// <summary>
/// Remembers for 24 hours which body an <c>Idempotency-Key</c> stands for. It only serves to tell a sender that one key was used for two
/// bodies: repetitions are recognized by their event's id. So nothing waits long for it, and a crash may forget the last moments.
/// </summary>
public sealed partial class IdempotencyClaims(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, IOptions<IdempotencyOptions> options, TimeProvider time,
    ILogger<IdempotencyClaims> logger, CommitMetrics metrics)
    : BriefGroupCommit<(IdempotentRequest Request, DateTimeOffset Now), IdempotencyClaim>(
        database, options.Value.KeyTimeout, time, measured: metrics.Of("idempotency keys"))
{
    private readonly NpgsqlDataSource _database = database;
    private readonly TimeProvider _time = time;

    /// <summary>
    /// What the key stands for, which is this request if nobody has used it in 24 hours; null while the database doesn't say.
    /// </summary>
    public async ValueTask<IdempotencyClaim?> Claim(IdempotentRequest request, DateTimeOffset now) =>
        await TryCommit((request, now)) is (true, var claim) ? claim : null;

    /// <summary>Forgets a claim whose request wasn't accepted after all: what comes next under its key may differ. Never throws.</summary>
    public async Task Release(IdempotentRequest request, DateTimeOffset acceptedAt)
    {
        try
        {
            await Delete(request, acceptedAt).WaitAsync(options.Value.KeyTimeout, _time);
        }
#pragma warning disable CA1031 // The sender waits for another answer than this one.
        catch (Exception failed)
        {
            LogNotReleased(logger, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<IdempotencyClaim>> Write(
        NpgsqlConnection connection, IReadOnlyList<(IdempotentRequest Request, DateTimeOffset Now)> rows,
        CancellationToken cancellationToken)
    {
        // In one order, or two hosts would wait for each other.
        const string sql = """
            insert into idempotency_keys as k (identity, body, accepted_at)
            select identity, body, accepted_at from unnest($1, $2, $3) as r (identity, body, accepted_at) order by identity
            on conflict (identity) do update set
                body = case when k.accepted_at <= excluded.accepted_at - $4 then excluded.body else k.body end,
                accepted_at = case when k.accepted_at <= excluded.accepted_at - $4 then excluded.accepted_at else k.accepted_at end
            returning identity, body, accepted_at
            """;
        var distinct = rows.DistinctBy(row => row.Request.Identity).ToList();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, distinct, row => row.Request.Identity);
        command.Add(NpgsqlDbType.Uuid, distinct, row => row.Request.Body);
        command.Add(NpgsqlDbType.TimestampTz, distinct, row => row.Now);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = IdempotentRequest.Lifetime });

        var claims = new Dictionary<Guid, IdempotencyClaim>(distinct.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            claims[reader.GetGuid(0)] = new IdempotencyClaim(reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2));
        return [.. rows.Select(row => claims[row.Request.Identity])];
    }

    /// <inheritdoc/>
    protected override void LogFailed(string exception) => LogNotChecked(logger, exception);

    private async Task Delete(IdempotentRequest request, DateTimeOffset acceptedAt)
    {
        await using var command = _database.CreateCommand(
            "delete from idempotency_keys where identity = $1 and body = $2 and accepted_at = $3");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.Identity });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.Body });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = acceptedAt });
        await command.ExecuteNonQueryAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Idempotency-Keys could not be checked for another body ({Exception}); their leads are taken all the same")]
    private static partial void LogNotChecked(ILogger logger, string exception);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The Idempotency-Key of a lead that was not stored could not be forgotten ({Exception})")]
    private static partial void LogNotReleased(ILogger logger, string exception);
}
