using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Router.Core.Tests;

/// <summary>An address that answers nothing to whoever connects: its queue of connections is full and nobody takes any.</summary>
internal sealed class SilentListener : IDisposable
{
    private readonly Socket _listener;
    private readonly List<Socket> _queued = [];

    public SilentListener(IPAddress address, int port)
    {
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, port));
        _listener.Listen(0);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        // Until one waits for its place.
        Task connecting;
        do
        {
            var client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _queued.Add(client);
            connecting = client.ConnectAsync(address, Port);
        }
        while (connecting.Wait(TimeSpan.FromMilliseconds(200)));
        _ = connecting.ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
        _queued[^1].Dispose();
        _queued.RemoveAt(_queued.Count - 1);
    }

    public int Port { get; }

    /// <summary>Until no socket of this machine is still connecting to that port.</summary>
    public static async Task NoneConnects(int port, CancellationToken cancellationToken)
    {
        const string synSent = "02";
        var suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var sockets = File.ReadLines("/proc/net/tcp").Skip(1).Concat(File.ReadLines("/proc/net/tcp6").Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (!sockets.Any(fields => fields[2].EndsWith(suffix, StringComparison.Ordinal) && fields[3] == synSent))
                return;
            await Task.Delay(20, patience.Token);
        }
    }

    public void Dispose()
    {
        _queued.ForEach(client => client.Dispose());
        _listener.Dispose();
    }
}
