namespace Router.Core.Deliveries;

/// <summary>
/// Recursive CTEs: from one destination with something waiting to the next, each step one look into a partial index. A million deliveries
/// that wait at one destination cost one step, and those that are well cost none. Each ends with a row without an id.
/// </summary>
public static class WaitingDestinations
{
    /// <summary><c>waiting (id)</c>: where deliveries are tried again.</summary>
    public const string Retrying = """
        waiting (id) as (
            (select destination_id from deliveries where state = 'retrying' order by destination_id limit 1)
            union all
            select (select destination_id from deliveries
                    where state = 'retrying' and destination_id > waiting.id order by destination_id limit 1)
            from waiting where waiting.id is not null
        )
        """;

    /// <summary><c>holding (id)</c>: where deliveries are held, for the destination's sake or for an earlier event of their lead.</summary>
    public const string Held = """
        holding (id) as (
            (select destination_id from deliveries where state = 'held' order by destination_id limit 1)
            union all
            select (select destination_id from deliveries
                    where state = 'held' and destination_id > holding.id order by destination_id limit 1)
            from holding where holding.id is not null
        )
        """;
}
