using System.Security.Cryptography;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// Requests to destinations that want an access token or a client certificate. A token that a receiver answers with 401 is forgotten, and
/// the request is made once more with a new one, in the same attempt; after that its answer counts.
/// </summary>
/// <param name="plain">The connections of destinations without a certificate.</param>
/// <param name="tokens">The tokens.</param>
/// <param name="certified">The connections of destinations with one.</param>
/// <param name="time">The clock.</param>
internal sealed class SignedInRequests(
    OutgoingConnections plain, AccessTokens tokens, CertifiedConnections certified, TimeProvider time) : IDisposable
{
    /// <summary>Makes one request over these connections, for no longer than that.</summary>
    public delegate Task<Attempt> MakeRequest(OutgoingConnections connections, Destination destination, TimeSpan patience);

    /// <summary>An attempt.</summary>
    /// <param name="site">Whose it is.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="number">Its number.</param>
    /// <param name="startedAt">When it began.</param>
    /// <param name="patience">How long it may take: asking for tokens, and both requests.</param>
    /// <param name="request">Makes a request.</param>
    public async Task<Attempt> Send(
        Guid site, Destination destination, int number, DateTimeOffset startedAt, TimeSpan patience, MakeRequest request)
    {
        var limit = (Started: time.GetTimestamp(), Patience: patience);
        var answer = await Answered(site, destination, limit, request);
        return new Attempt(number, startedAt, time.GetElapsedTime(limit.Started), answer);
    }

    public void Dispose() => certified.Dispose();

    private async Task<Answer> Answered(
        Guid site, Destination destination, (long Started, TimeSpan Patience) limit, MakeRequest request)
    {
        if (destination.Certificate is not { } certificate)
            return await WithToken(plain, site, destination, limit, request);

        CertifiedConnections.Held held;
        try
        {
            held = certified.Take(destination.Id, certificate);
        }
        catch (CryptographicException)
        {
            return new Answer { Error = AttemptError.InvalidSecret };
        }

        using (held)
        {
            var answer = await WithToken(held.Connections, site, destination, limit, request);
            // It asked for one, and got it.
            return answer.Error is AttemptError.TlsClientCertificate
                ? answer with { Error = AttemptError.TlsClientCertificateRefused } : answer;
        }
    }

    private async Task<Answer> WithToken(
        OutgoingConnections connections, Guid site, Destination destination, (long Started, TimeSpan Patience) limit, MakeRequest request)
    {
        if (destination.OAuth is not { } client)
            return (await request(connections, destination, limit.Patience)).Answer;

        using var timeout = new CancellationTokenSource(limit.Patience, time);
        // Owners enter it also where the URL is the catalogue's.
        var enteredBy = destination.IsLeadManager ? (Guid?)null : site;
        var first = await Token(destination.Id, client, enteredBy, timeout.Token);
        if (first.Token is not { } token)
            return NoToken(first);

        var answer = (await request(connections, destination.With(token), Left(limit))).Answer;
        if (answer.Status is not 401 || timeout.IsCancellationRequested)
            return answer;

        tokens.Drop(destination.Id, token);
        var second = await Token(destination.Id, client, enteredBy, timeout.Token);
        return second.Token is not { } renewed ? NoToken(second)
            : (await request(connections, destination.With(renewed), Left(limit))).Answer with { IsOfSecondRequest = true };
    }

    private async ValueTask<TokenAnswer> Token(Guid destination, OAuthClient client, Guid? enteredBy, CancellationToken timeout)
    {
        try
        {
            return await tokens.Get(destination, client, enteredBy, timeout);
        }
        catch (OperationCanceledException)
        {
            // The attempt's time is over; whoever else waits for the token goes on.
            return new TokenAnswer(null, new Answer { Error = AttemptError.Timeout });
        }
    }

    private static Answer NoToken(TokenAnswer asked) =>
        new() { Error = AttemptError.TokenEndpoint, OfTokenEndpoint = asked.Refusal, Body = asked.Refusal!.Body };

    /// <summary>A moment at least: the timer takes no less.</summary>
    private TimeSpan Left((long Started, TimeSpan Patience) limit)
    {
        var left = limit.Patience - time.GetElapsedTime(limit.Started);
        return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
    }
}
