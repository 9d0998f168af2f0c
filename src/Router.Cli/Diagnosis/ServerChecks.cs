namespace Router.Cli.Diagnosis;

/// <summary>Whether exactly one of the servers of Postgres can be written to, and how the others are.</summary>
internal static class ServerChecks
{
    private const string Subject = "database";

    private const string Page = "docs/operators.md, A Postgres with standbys";

    /// <summary>The one that hosts use: of several the one that can be written to. Null where there is none.</summary>
    public static DatabaseServer? InUse(IReadOnlyList<DatabaseServer> servers) =>
        servers is [var only] ? only : servers.FirstOrDefault(IsWritable);

    public static List<Finding> Look(IReadOnlyList<DatabaseServer> servers)
    {
        // What takes its rows, or doesn't, is said of a single one when it is tried.
        if (servers is [var only])
            return only.Failure is null ? [] : [only.Failure];

        var primaries = servers.Where(IsWritable).Select(server => server.Where).ToList();
        var found = servers.Select(server => OfOne(server, primaries.Count > 0)).ToList();
        if (primaries.Count > 1)
        {
            found.Add(new Finding(Gravity.Problem, Subject,
                $"Several servers can be written to: {string.Join(" and ", primaries)}. Each host goes on with one of them.",
                $"End or fence the one that isn't the primary any more, then let it follow the other one: {Page}."));
        }
        else if (primaries.Count == 0)
        {
            found.Add(new Finding(Gravity.Problem, Subject,
                "None of the servers can be written to. Leads wait in RabbitMQ, and nothing is delivered.",
                $"Bring the primary back, or make sure that it has ended and promote a standby: {Page}."));
        }

        return found;
    }

    private static bool IsWritable(DatabaseServer server) => server is { Open: not null, IsReadOnly: false };

    private static Finding OfOne(DatabaseServer server, bool hasPrimary) => server switch
    {
        // The hosts do without it; they couldn't change over to it.
        { Failure: { } failure } when hasPrimary => failure with
        {
            Gravity = Gravity.Warning, ToDo = "Bring it back, or take it out of Database:ConnectionString: it can't take over now.",
        },
        { Failure: { } failure } => failure,
        { IsStandby: true } => new Finding(Gravity.Fine, Subject, $"Postgres at {server.Where} is a standby."),
        { IsReadOnly: true } => new Finding(Gravity.Warning, Subject,
            $"Postgres at {server.Where} is no standby, and takes no rows (default_transaction_read_only).",
            $"If it was fenced, let it follow the primary: {Page}."),
        _ => new Finding(Gravity.Fine, Subject, $"Postgres at {server.Where} is the primary."),
    };
}
