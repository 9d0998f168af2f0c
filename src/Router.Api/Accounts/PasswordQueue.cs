using Router.Hosting;

namespace Router.Api.Accounts;

/// <summary>
/// Passwords that are checked one after the other: a hash takes a core for some tenths of a second, and guessing must never take the cores
/// from the leads.
/// </summary>
/// <param name="mostOfOne">How many of the same one wait at a time.</param>
internal sealed class PasswordQueue(int mostOfOne = PasswordQueue.Most) : IDisposable
{
    // Who would wait for longer than some seconds is told to come back.
    private const int Most = 40;

    private readonly SemaphoreSlim _oneAtATime = new(1);

    private readonly PlacesByKey<(Guid One, string Group)> _places =
        new((who => who, mostOfOne, MostWaiting: 0), (who => who.Group, Most, MostWaiting: 0));

    /// <summary>A place, until it is disposed of.</summary>
    /// <param name="one">Whose.</param>
    /// <param name="group">Those who share the places: no group takes those of another.</param>
    /// <exception cref="BadHttpRequestException">Too many wait already (429).</exception>
    public IDisposable Enter(Guid one, string group = "")
    {
        var place = _places.AttemptAcquire((one, group));
        if (place.IsAcquired)
            return place;

        place.Dispose();
        throw new BadHttpRequestException("Too many sign-ins at once.", StatusCodes.Status429TooManyRequests);
    }

    /// <summary>What a check says when its turn has come.</summary>
    public async Task<T> Check<T>(Func<T> check, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return check();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _oneAtATime.Dispose();
    }
}
