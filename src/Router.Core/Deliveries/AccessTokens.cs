using System.Collections.Concurrent;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// The access tokens of destinations, each kept in memory until shortly before it expires. However many leads want one at the same time,
/// the token endpoint is asked once. Failures aren't kept: whoever comes after one asks anew.
/// </summary>
internal sealed class AccessTokens(TokenEndpoint endpoint, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();

    /// <summary>The destination's token, or why there is none. The wait for it ends with the caller's time.</summary>
    /// <param name="destination">Whose token it is.</param>
    /// <param name="client">What to ask with, and where.</param>
    /// <param name="enteredBy">The site whose owners entered that; null where operators did.</param>
    /// <param name="timeout">That time.</param>
    /// <exception cref="OperationCanceledException">That time is over.</exception>
    public ValueTask<TokenAnswer> Get(Guid destination, OAuthClient client, Guid? enteredBy, CancellationToken timeout)
    {
        while (true)
        {
            var known = _entries.GetValueOrDefault(destination);
            if (known is not null && known.IsOf(client))
            {
                if (!known.Asked.IsCompleted)
                    return new ValueTask<TokenAnswer>(known.Asked.WaitAsync(timeout));
                if (known.Kept(time) is { } kept)
                    return new ValueTask<TokenAnswer>(new TokenAnswer(kept, null));
            }

            var entry = new Entry(client, endpoint, time.GetTimestamp());
            if (known is null ? _entries.TryAdd(destination, entry) : _entries.TryUpdate(destination, entry, known))
                return new ValueTask<TokenAnswer>(entry.Ask(enteredBy).WaitAsync(timeout));
        }
    }

    /// <summary>Forgets a token that was refused, unless another one has taken its place.</summary>
    public void Drop(Guid destination, AccessToken refused)
    {
        if (_entries.TryGetValue(destination, out var known) && known.Kept(time) == refused)
            _entries.TryRemove(new KeyValuePair<Guid, Entry>(destination, known));
    }

    /// <summary>A token that was asked for, or is.</summary>
    private sealed class Entry(OAuthClient client, TokenEndpoint endpoint, long askedAt)
    {
        private readonly TaskCompletionSource<TokenAnswer> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<TokenAnswer> Asked => _asked.Task;

        public bool IsOf(OAuthClient other) => client == other;

        /// <summary>The token while it may be used; null before it came, too, and where none came.</summary>
        public AccessToken? Kept(TimeProvider time) => Asked is { IsCompletedSuccessfully: true, Result.Token: { } token }
            && time.GetElapsedTime(askedAt) < token.Lifetime ? token : null;

        /// <summary>For the one who has put it in its place.</summary>
        public Task<TokenAnswer> Ask(Guid? enteredBy)
        {
            _ = Run(enteredBy);
            return Asked;
        }

        private async Task Run(Guid? enteredBy)
        {
            try
            {
                _asked.SetResult(await endpoint.Ask(client, enteredBy));
            }
#pragma warning disable CA1031 // Whoever waits gets it.
            catch (Exception failed)
            {
                _asked.SetException(failed);
            }
#pragma warning restore CA1031
        }
    }
}
