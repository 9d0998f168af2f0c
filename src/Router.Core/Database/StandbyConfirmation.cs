using Npgsql;

namespace Router.Core.Database;

/// <summary>Postgres has committed, and no longer waits until its synchronous standby has it, too.</summary>
public sealed class UnreplicatedCommitException() : NpgsqlException("The commit may not be with the standby.");

/// <summary>
/// Where commits wait for a synchronous standby, Postgres lets go of one whose statement is canceled meanwhile (by the client's time limit,
/// by <c>statement_timeout</c>, by hand): it says that it is committed, and only warns that the standby may not have it. Should that one
/// become the primary, the row is gone. So whoever lets go of a lead for a row asks here first; written once more it waits again.
/// </summary>
internal sealed class StandbyConfirmation : IDisposable
{
    // The warning has no code of its own, and its text is in the server's language.
    private const string GaveUp = "SyncRepWaitForLSN";

    private readonly NpgsqlConnection _connection;
    private volatile bool _isMissing;

    /// <param name="connection">Open, before the statements.</param>
    public StandbyConfirmation(NpgsqlConnection connection)
    {
        _connection = connection;
        _connection.Notice += Hear;
    }

    /// <summary>After the commit.</summary>
    /// <exception cref="UnreplicatedCommitException">It may be with the primary alone.</exception>
    public void Require()
    {
        if (_isMissing)
            throw new UnreplicatedCommitException();
    }

    public void Dispose() => _connection.Notice -= Hear;

    private void Hear(object sender, NpgsqlNoticeEventArgs told)
    {
        if (told.Notice.Routine == GaveUp)
            _isMissing = true;
    }
}
