using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>
/// Forgets sessions that are over: a month after their end, or after the longest that one may go unused; and passwords that were tried.
/// </summary>
internal static class OldSessions
{
    public static Task<int> Drop(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            delete from sessions where ended_at < @ended or last_seen_at < @unused;
            delete from sign_in_tries where last_at < @tried
            """,
            new { ended = now.AddDays(-30), unused = now.AddDays(-60), tried = now.AddDays(-1) }, cancellationToken: cancellationToken));
}
