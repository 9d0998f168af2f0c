using Dapper;
using Npgsql;

namespace Router.Cli.Diagnosis;

/// <summary>Whether commits wait for a standby: otherwise a failover loses leads that senders were told were accepted.</summary>
internal static class StandbyChecks
{
    private const string Subject = "database";

    private const string Page = "docs/operators.md, A Postgres with standbys";

    /// <param name="primary">A connection to it.</param>
    /// <param name="hasOthers">Whether the hosts know of further servers.</param>
    /// <returns>Null for a server without standbys.</returns>
    public static async Task<Finding?> Look(NpgsqlConnection primary, bool hasOthers)
    {
        var (names, commits, connected, synchronous, isHidden) = await primary.QuerySingleAsync<(string, string, int, int, bool)>(
            """
            select current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), count(*)::int,
                (count(*) filter (where sync_state in ('sync', 'quorum')))::int, coalesce(bool_or(sync_state is null), false)
            from pg_stat_replication
            """);
        if (connected == 0 && !hasOthers && names.Length == 0)
            return null;
        if (names.Length == 0)
            return new Finding(Gravity.Warning, Subject,
                $"Commits don't wait for a standby ({Connected(connected)}): a failover loses leads that were accepted.",
                $"Set synchronous_standby_names: {Page}.");
        if (commits is "off" or "local")
            return new Finding(Gravity.Warning, Subject,
                $"synchronous_commit is {commits}, so commits don't wait for a standby: a failover loses leads that were accepted.",
                "Set it to on, its default, for the hosts' role, too.");
        if (connected == 0)
            return new Finding(Gravity.Problem, Subject,
                "Commits wait for a standby, and none is connected: nothing is recorded until one is.",
                "Start a standby. Its log says why it doesn't connect. To do without, and lose leads in a failover: empty "
                + "synchronous_standby_names.");
        // Only a role with pg_read_all_stats sees of which standby a commit waits.
        if (isHidden)
            return new Finding(Gravity.Fine, Subject,
                $"Commits wait for a standby ({Connected(connected)}). This role may not see which of them is synchronous.");
        return synchronous > 0
            ? new Finding(Gravity.Fine, Subject, $"Commits wait for a standby ({Connected(connected)}, {synchronous} synchronous).")
            : new Finding(Gravity.Problem, Subject,
                $"Commits wait for a standby, and none of those that are connected is one of synchronous_standby_names ({names}).",
                "Name them there as they call themselves: select application_name, sync_state from pg_stat_replication.");
    }

    private static string Connected(int count) => count == 1 ? "1 connected" : $"{count} connected";
}
