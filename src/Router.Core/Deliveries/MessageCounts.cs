namespace Router.Core.Deliveries;

/// <summary>How many messages there are of each kind: a person who reads "leads" means new ones.</summary>
/// <param name="Leads">New leads.</param>
/// <param name="Updates">Changes of leads.</param>
/// <param name="Activities">Activities added to leads.</param>
/// <param name="Others">Changes of users, and news of a destination's own switch.</param>
public sealed record MessageCounts(int Leads, int Updates, int Activities, int Others)
{
    /// <summary>None of any kind.</summary>
    public static readonly MessageCounts None = new(0, 0, 0, 0);

    /// <summary>Counts whatever has an <c>action</c>.</summary>
    internal const string Columns = """
        count(*) filter (where action = 'created')::int as leads, count(*) filter (where action = 'updated')::int as updates,
        count(*) filter (where action = 'activity_added')::int as activities,
        count(*) filter (where action not in ('created', 'updated', 'activity_added'))::int as others
        """;

    /// <summary>All of them.</summary>
    public int Total => Leads + Updates + Activities + Others;
}
