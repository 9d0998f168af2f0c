using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Replaces a pool's connections once one of them didn't answer in time: a dead one doesn't say so, and its neighbours are as dead.
/// The new one is opened beside all else and may take its time. Were it opened only by writes that have a limit, they might all reach
/// that limit while they connect, and none would ever find a connection: a machine with much to do takes seconds for one.
/// </summary>
/// <param name="database">The pool.</param>
public sealed class DeadConnections(NpgsqlDataSource database)
{
    private int _isReplacing;

    /// <summary>Returns at once. What is opened just now is left alone.</summary>
    public void Replace()
    {
        if (Interlocked.Exchange(ref _isReplacing, 1) != 0)
            return;

        database.Clear();
        _ = Open();
    }

    private async Task Open()
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync();
        }
        catch (Exception away) when (away is ObjectDisposedException || DatabaseAvailability.IsOutage(away))
        {
            // Whoever needs a connection next says so; and a host that stops needs none.
        }
        finally
        {
            Volatile.Write(ref _isReplacing, 0);
        }
    }
}
