using Npgsql;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// Where changes are tried before they are in force, one at a time: the leads of several would wait in memory for their mappings' turns.
/// What was entered is looked over there, too: a mapping's own tests take as long as trying it does.
/// </summary>
public sealed class ChangePreviews(NpgsqlDataSource database, DestinationDirectory directory, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly SemaphoreSlim Place = new(1);

    /// <summary>Keeps the place until it is disposed of; null where another has it for as long as one waits.</summary>
    public async Task<ChangePreview?> Begin(CancellationToken cancellationToken) =>
        await Place.WaitAsync(Patience, cancellationToken) ? new ChangePreview(database, directory, time, Place) : null;
}
