using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// How many bytes of large bodies are here at a time, from before they are read until nobody needs them any more: parsed, a body may be
/// fifteen times its size. One sender has a share of them at most. Small bodies aren't counted, and cost nothing here.
/// </summary>
internal sealed class BodyRoom : IDisposable
{
    /// <summary>Up to here a body is small: as many as may be under way don't fill a host.</summary>
    public const int Small = 16 * 1024;

    private const int Unit = 1024;

    private static readonly Nothing Uncounted = new();

    // Those that wait have sent little of their bodies yet.
    private const int MostWaitingToEach = 16;

    private readonly TimeSpan _patience;
    private readonly int _mostOfOne;
    private readonly PlacesByKey<string> _places;

    /// <param name="bytes">The most at a time.</param>
    /// <param name="shares">Into how many shares they are divided: no sender has more than one.</param>
    /// <param name="patience">How long one waits for its turn.</param>
    public BodyRoom(int bytes, int shares, TimeSpan patience)
    {
        _patience = patience;
        _mostOfOne = bytes / Unit / shares;
        var most = bytes / Unit;
        _places = new PlacesByKey<string>(
            (sender => sender, _mostOfOne, _mostOfOne * MostWaitingToEach), (_ => "", most, most * MostWaitingToEach));
    }

    /// <summary>Room for a body, held until it is disposed of; null where there is none in time.</summary>
    /// <param name="sender">Whose it is.</param>
    /// <param name="bytes">How large it is, or may be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<IDisposable?> Enter(string sender, long bytes, CancellationToken cancellationToken)
    {
        if (bytes <= Small)
            return Uncounted;

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        try
        {
            // One that is larger than a share has all of it.
            var lease = await _places.AcquireAsync(sender, (int)Math.Min((bytes + Unit - 1) / Unit, _mostOfOne), patience.Token);
            if (lease.IsAcquired)
                return lease;

            lease.Dispose();
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _places.Dispose();

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
