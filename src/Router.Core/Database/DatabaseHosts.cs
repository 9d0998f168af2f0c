using Npgsql;

namespace Router.Core.Database;

/// <summary>The pools that know several servers.</summary>
internal sealed class DatabaseHosts
{
    private readonly Lock _lock = new();
    private readonly List<NpgsqlMultiHostDataSource> _pools = [];

    /// <summary>Whether there are any.</summary>
    public bool AreSeveral
    {
        get
        {
            lock (_lock)
                return _pools.Count > 0;
        }
    }

    public void Add(NpgsqlMultiHostDataSource pool)
    {
        lock (_lock)
            _pools.Add(pool);
    }

    /// <summary>What was known of each server is forgotten: whoever needs a connection next asks it.</summary>
    public void AskAnew()
    {
        lock (_lock)
            _pools.ForEach(pool => pool.ClearDatabaseStates());
    }
}
