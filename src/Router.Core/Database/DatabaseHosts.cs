using Npgsql;

namespace Router.Core.Database;

/// <summary>The pools that know several servers, and write.</summary>
internal sealed class DatabaseHosts
{
    private readonly Lock _lock = new();
    private readonly List<NpgsqlMultiHostDataSource> _pools = [];

    /// <summary>The pools, each as one that connects to the primary. Empty where there is one server only.</summary>
    public IReadOnlyList<NpgsqlDataSource> Pools
    {
        get
        {
            lock (_lock)
                return [.. _pools.Select(pool => pool.WithTargetSession(TargetSessionAttributes.ReadWrite))];
        }
    }

    public void Add(NpgsqlMultiHostDataSource pool)
    {
        lock (_lock)
            _pools.Add(pool);
    }

    /// <summary>What each pool knew of each server is forgotten: whoever needs a connection next asks the server.</summary>
    public void AskAnew()
    {
        lock (_lock)
            _pools.ForEach(pool => pool.ClearDatabaseStates());
    }
}
