using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>
/// The proxy that some or all requests go through, plain http as well as https: by CONNECT, so that there is one way, to an address that
/// <see cref="GuardedConnection"/> has checked. TLS goes through it end to end. The proxy's own address isn't checked, for an operator
/// configured it.
/// </summary>
public sealed partial class OutgoingProxy
{
    private readonly ProxyOptions _options;
    private readonly TimeSpan _patience;
    private readonly NameLookups _lookups;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HostPatterns? _hosts;
    private readonly HostPatterns _except;
    private readonly ProxyBreaker _breaker;
    private readonly string? _authorization;
    private readonly string _host = "";
    private readonly int _port;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="options">Where the proxy is, and for which hosts.</param>
    /// <param name="delivery">How long it may take to connect.</param>
    /// <param name="isolation">How long it isn't tried when it failed.</param>
    /// <param name="lookups">Look up its name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told when the proxy fails and works again.</param>
    public OutgoingProxy(
        IOptions<ProxyOptions> options, IOptions<DeliveryOptions> delivery, IOptions<IsolationOptions> isolation, NameLookups lookups,
        TimeProvider time, ILogger<OutgoingProxy> logger)
    {
        _options = options.Value;
        // Or the silence of a dead proxy would look like that of a receiver.
        _patience = delivery.Value.ConnectTimeout / 2;
        (_lookups, _time, _logger) = (lookups, time, logger);
        _hosts = _options.Hosts.Length == 0 ? null : new HostPatterns(_options.Hosts);
        _except = new HostPatterns(_options.Except);
        if (_options.IsSet && new Uri(_options.Url) is var url)
            (_host, _port) = (UrlHost.Of(url)!, url.Port);
        if (_options.Username.Length > 0)
            _authorization = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.Username}:{_options.Password}"))}";
        _breaker = new ProxyBreaker(Name, isolation.Value, time, logger);
    }

    /// <summary>Since when it doesn't work and why, for operators; null while it does, and where there is none.</summary>
    public string? Trouble => _breaker.Trouble;

    private string Name => $"{_host}:{_port}";

    /// <summary>Whether requests to that URL go through it.</summary>
    public bool Carries(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return _options.IsSet && UrlHost.Of(url) is { } host
            && _hosts?.Holds(host, url.Port) is not false && !_except.Holds(host, url.Port);
    }

    /// <summary>Whether a request to that URL may be made now. While the proxy works, or isn't there, that costs one look.</summary>
    internal bool LetsThrough(Uri? url) => !_breaker.IsShut || url is null || !Carries(url) || _breaker.LetsThrough();

    /// <summary>A request to that URL was answered: if it went through the proxy, that works, perhaps over an old connection.</summary>
    internal void Answered(Uri? url)
    {
        if (_breaker.IsShut && url is not null && Carries(url))
            _breaker.Worked();
    }

    /// <summary>Until one may; zero or less when one may now.</summary>
    internal TimeSpan ShutFor(Uri? url) => _breaker.IsShut && url is not null && Carries(url) ? _breaker.ShutFor : TimeSpan.Zero;

    /// <summary>A connection through it, to whichever of the addresses answers first.</summary>
    /// <param name="addresses">Checked, in the resolver's order; at least one.</param>
    /// <param name="port">The port.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ProxyException">There is none.</exception>
    internal Task<Socket> Connect(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellationToken) =>
        HappyEyeballs.Connect(addresses, (address, token) => Tunnel(new IPEndPoint(address, port), token), _time, cancellationToken);

    /// <summary>
    /// For <see cref="SocketsHttpHandler.ConnectCallback"/> of requests to URLs that an operator configured, which may be anywhere.
    /// </summary>
    internal async ValueTask<Stream> OpenUnchecked(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await _lookups.Find(context.DnsEndPoint.Host, site: null, cancellationToken);
        return new NetworkStream(await Connect(addresses, context.DnsEndPoint.Port, cancellationToken), ownsSocket: true);
    }

    /// <summary>Looks whether it can be used, as far as that shows without a request.</summary>
    /// <exception cref="Exception">It can't be connected to, or failed in another way when a request tried it last.</exception>
    public async Task Look(CancellationToken cancellationToken)
    {
        try
        {
            using var socket = await ConnectToProxy(cancellationToken);
        }
        catch (ProxyException failed)
        {
            _breaker.Failed(failed);
            throw;
        }

        _breaker.Connected();
    }

    private async Task<Socket> Tunnel(IPEndPoint receiver, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = await ConnectToProxy(cancellationToken);
            await ProxyHandshake.Connect(socket, ProxyHandshake.Request(receiver, _authorization), cancellationToken);
            _breaker.Worked();
            return socket;
        }
        catch (ProxyException failed)
        {
            socket?.Dispose();
            if (failed.Error.IsOfProxyItself())
                _breaker.Failed(failed);
            else
                _breaker.Worked();
            if (failed.Error is AttemptError.ProxyRefused)
                LogRefused(_logger, Name, failed.Reason, receiver.Port);
            throw;
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    private async Task<Socket> ConnectToProxy(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var addresses = await _lookups.Find(_host, site: null, either.Token);
            return await HappyEyeballs.Connect(addresses, _port, _time, either.Token);
        }
        catch (NoPlaceForLookupException)
        {
            throw NotReached("has a name that takes long to be looked up");
        }
        catch (SocketException failed)
        {
            throw NotReached($"can't be reached ({failed.SocketErrorCode})");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw NotReached("doesn't answer");
        }
    }

    private static ProxyException NotReached(string reason) => new(AttemptError.ProxyUnreachable, reason) { IsOfConnecting = true };

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The proxy {Proxy} {Reason}, at port {Port}: its own rules must allow what destinations are allowed to have")]
    private static partial void LogRefused(ILogger logger, string proxy, string reason, int port);
}
