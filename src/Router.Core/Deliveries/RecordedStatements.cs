using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>
/// What the statements of <see cref="AttemptRecorder"/> have in common: parameters, in the order in which they take them, and what follows.
/// </summary>
internal static class RecordedStatements
{
    /// <summary>
    /// attempt, started_at, duration_us, result, status, requests, error, response_headers, response_body, reason: all null where
    /// no request was made.
    /// </summary>
    public static void AddAttempts(this NpgsqlCommand command, List<RecordedAttempt> rows)
    {
        command.Add(NpgsqlDbType.Integer, rows, row => row.Attempt is null ? (int?)null : row.Number);
        command.Add(NpgsqlDbType.TimestampTz, rows, row => row.Attempt?.StartedAt);
        command.Add(NpgsqlDbType.Integer, rows, row =>
            row.Attempt is { } attempt ? (int)Math.Min(attempt.Duration.TotalMicroseconds, int.MaxValue) : (int?)null);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Result.Text());
        command.Add(NpgsqlDbType.Smallint, rows, row => (short?)row.Attempt?.Answer.Status);
        command.Add(NpgsqlDbType.Smallint, rows, row => row.Attempt is { Answer.IsOfSecondRequest: true } ? (short)2 : (short?)null);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.ErrorCode);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.Headers);
        command.Add(NpgsqlDbType.Bytea, rows, row => row.Attempt is { Answer.Body: { Length: > 0 } body } ? body : null);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.Reason);
    }

    /// <summary>state, retry_step, delay until the next attempt, lease, is_finished.</summary>
    public static void AddState(this NpgsqlCommand command, List<RecordedAttempt> rows)
    {
        command.Add(NpgsqlDbType.Text, rows, row => row.State.Text());
        command.Add(NpgsqlDbType.Smallint, rows, row => (short)row.Step);
        command.Add(NpgsqlDbType.Interval, rows, row => row.Delay);
        command.Add(NpgsqlDbType.Interval, rows, row => row.Lease);
        command.Add(NpgsqlDbType.Boolean, rows, row => row.State.IsFinished());
    }

    private static readonly string Taken =
        $"'{string.Join("', '", Enum.GetValues<AttemptResult>().Where(AttemptResults.IsTaken).Select(AttemptResults.Text))}'";

    // What says nothing about the destination.
    private static readonly string OfProxyItself = $"'{string.Join("', '", AttemptErrorWords.OfProxyItself)}'";

    /// <summary>
    /// CTEs that count a destination's failures in a row, those of our own proxy left out, or forget them after an answer of a destination
    /// that is well.
    /// </summary>
    /// <param name="attempts">The CTE of the attempts that were made.</param>
    public static string DestinationFailures(string attempts) => $"""
        well as (
            -- Looked for only: hardly ever is there a row to delete.
            delete from destination_failures f
            using (select distinct destination_id from {attempts} where result in ({Taken})) r
            where f.destination_id = r.destination_id
        ), failing as (
            insert into destination_failures (destination_id, failures, since)
            select destination_id, count(*), min(started_at) from {attempts} r
            where result not in ({Taken}) and (error is null or error not in ({OfProxyItself})) and not exists (
                select from {attempts} w where w.destination_id = r.destination_id and w.result in ({Taken}))
            group by destination_id order by destination_id
            on conflict (destination_id) do update set failures = destination_failures.failures + excluded.failures
        )
        """;

    /// <summary>
    /// Runs a statement that answers with what it left alone: its place among the rows, from 1, and whether its event is in the ledger.
    /// Returns those whose event is.
    /// </summary>
    /// <param name="command">The statement.</param>
    /// <param name="rows">What it was given.</param>
    /// <param name="lost">Gets the events that aren't in the ledger.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<List<RecordedAttempt>> Record(
        this NpgsqlCommand command, List<RecordedAttempt> rows, HashSet<Guid> lost, CancellationToken cancellationToken)
    {
        var others = new List<RecordedAttempt>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = rows[reader.GetInt32(0) - 1];
            if (reader.GetBoolean(1))
                others.Add(row);
            else
                lost.Add(row.Lead.EventId);
        }

        return others;
    }
}
