using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>The connections, and the ways to sign in over them, of all destinations that may reach the same addresses.</summary>
internal sealed class GuardedRequests : IDisposable
{
    private readonly OutgoingConnections _forTokens;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="options">Timeouts and bounds.</param>
    /// <param name="guard">Where requests may go.</param>
    /// <param name="tokensGuard">Where access tokens may be asked for.</param>
    /// <param name="lookups">Look up the names of hosts.</param>
    /// <param name="proxy">What some or all requests go through; null for none.</param>
    /// <param name="time">The clock.</param>
    public GuardedRequests(
        DeliveryOptions options, NetworkGuard guard, NetworkGuard tokensGuard, NameLookups lookups, OutgoingProxy? proxy,
        TimeProvider time)
    {
        var connection = new GuardedConnection(guard, lookups, proxy, time);
        Connections = new OutgoingConnections(options, connection, time);
        _forTokens = tokensGuard == guard ? Connections
            : new OutgoingConnections(options, new GuardedConnection(tokensGuard, lookups, proxy, time), time);
        var tokens = new AccessTokens(new TokenEndpoint(_forTokens.New, tokensGuard, options, time), time);
        var certified = new CertifiedConnections(
            certificate => new OutgoingConnections(options, connection, time, certificate.Open()));
        SignedIn = new SignedInRequests(Connections, tokens, certified, time);
    }

    /// <summary>For requests that need nothing but their signature.</summary>
    public OutgoingConnections Connections { get; }

    /// <summary>For those that need an access token or a client certificate.</summary>
    public SignedInRequests SignedIn { get; }

    public void Dispose()
    {
        SignedIn.Dispose();
        if (_forTokens != Connections)
            _forTokens.Dispose();
        Connections.Dispose();
    }
}
