using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>The columns that the statements of <see cref="AttemptRecorder"/> have in common, in the order in which they take them.</summary>
internal static class RecordedParameters
{
    /// <summary>attempt, started_at, duration_us, result, status, requests, error, response_headers, response_body: all null where no request was made.</summary>
    public static void AddAttempts(this NpgsqlCommand command, List<RecordedAttempt> rows)
    {
        command.Add(NpgsqlDbType.Integer, rows, row => row.Attempt is null ? (int?)null : row.Number);
        command.Add(NpgsqlDbType.TimestampTz, rows, row => row.Attempt?.StartedAt);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Attempt is { } attempt ? (int)Math.Min(attempt.Duration.TotalMicroseconds, int.MaxValue) : (int?)null);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Result.Text());
        command.Add(NpgsqlDbType.Smallint, rows, row => (short?)row.Attempt?.Answer.Status);
        command.Add(NpgsqlDbType.Smallint, rows, row => row.Attempt is { Answer.IsOfSecondRequest: true } ? (short)2 : (short?)null);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.ErrorCode);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.Headers);
        command.Add(NpgsqlDbType.Bytea, rows, row => row.Attempt is { Answer.Body: { Length: > 0 } body } ? body : null);
    }

    /// <summary>state, retry_step, delay until the next attempt, lease, is_finished.</summary>
    public static void AddState(this NpgsqlCommand command, List<RecordedAttempt> rows)
    {
        command.Add(NpgsqlDbType.Text, rows, row => row.State.Text());
        command.Add(NpgsqlDbType.Smallint, rows, row => (short)row.Step);
        command.Add(NpgsqlDbType.Interval, rows, row => row.Delay);
        command.Add(NpgsqlDbType.Interval, rows, row => row.Kind is RecordKind.UnderWay ? row.Delay : null);
        command.Add(NpgsqlDbType.Boolean, rows, row => row.State.IsFinished());
    }
}
