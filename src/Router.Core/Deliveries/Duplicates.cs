using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Whether new leads are duplicates, for those that a filter asks about before they are planned; of all others nobody knows until somebody
/// looks at them (<see cref="DuplicateMarks"/>). No lead depends on the answer: where there is none in time, it goes as no duplicate.
/// </summary>
public sealed partial class Duplicates(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, LeadPrintKey key, TimeProvider time, ILogger<Duplicates> logger,
    CommitMetrics metrics)
    : BriefGroupCommit<NewLead, bool>(database, Limit, time, measured: metrics.Of("duplicates"))
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    // Less than that: who waits for a lock must not be taken for a dead line.
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether a new lead that isn't planned yet is a duplicate; false where nobody knows. Never throws.</summary>
    public async ValueTask<bool> Has(LeadEvent lead) => NewLead.Of(lead) is { } fresh && (await TryCommit(fresh)).Result;

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<bool>> Write(
        NpgsqlConnection connection, IReadOnlyList<NewLead> rows, CancellationToken cancellationToken)
    {
        if (await key.Read(connection, cancellationToken) is not { } readable)
            return new bool[rows.Count];

        var duplicates = await LeadPrints.Mark(connection, readable, rows, LockTimeout, cancellationToken);
        return [.. rows.Select(row => duplicates.Contains(row.EventId))];
    }

    /// <inheritdoc/>
    protected override void LogFailed(string exception) => LogUnknown(logger, exception);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "It isn't known whether new leads are duplicates ({Exception}); they go as if they weren't")]
    private static partial void LogUnknown(ILogger logger, string exception);
}
