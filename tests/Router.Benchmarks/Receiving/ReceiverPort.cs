using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Receiving;

/// <summary>A destination: takes requests as bytes, finds the numbers that the driver put into the lead, counts, answers.</summary>
internal sealed class ReceiverPort : IDisposable
{
    private static readonly byte[] Marker = Encoding.ASCII.GetBytes(LeadTemplate.Marker);
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<int, RunAtPort> _runs = new();
    private readonly ConcurrentDictionary<Socket, bool> _hanging = new();
    private volatile bool _hangs;
    private volatile int _delay;

    public ReceiverPort()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public async Task Accept()
    {
        while (true)
            _ = Serve(await _listener.AcceptAsync());
    }

    /// <summary>Those that hang stay without an answer until this port answers again; then they are cut off.</summary>
    public void Behave(bool hangs, int delayMilliseconds)
    {
        (_hangs, _delay) = (hangs, delayMilliseconds);
        if (hangs)
            return;
        foreach (var socket in _hanging.Keys)
            socket.Dispose();
        _hanging.Clear();
    }

    public PortArrivals Arrivals(int run, bool withLatency) => _runs.GetOrAdd(run, _ => new RunAtPort()).At(Port, withLatency);

    public void Dispose() => _listener.Dispose();

    private async Task Serve(Socket socket)
    {
        socket.NoDelay = true;
        var buffer = new byte[8192];
        var length = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(length)) is var read && read > 0)
            {
                length += read;
                if (!Take(buffer.AsSpan(0, length)))
                {
                    if (length == buffer.Length)
                        Array.Resize(ref buffer, buffer.Length * 2);
                    continue;
                }

                length = 0;
                if (_hangs)
                {
                    _hanging[socket] = true;
                    return;
                }

                if (_delay > 0)
                    await Task.Delay(_delay);
                socket.Send(Answer);
            }
        }
        catch (SocketException)
        {
            // The sender gave up.
        }

        socket.Dispose();
    }

    private bool Take(ReadOnlySpan<byte> request)
    {
        if (!HttpFraming.IsComplete(request, out var body))
            return false;

        // What isn't a lead of the driver's is answered and not counted.
        var at = body.IndexOf(Marker);
        if (at < 0)
            return true;
        var notes = body[(at + Marker.Length)..];
        if (Utf8Parser.TryParse(notes, out int run, out _)
            && Utf8Parser.TryParse(notes[(LeadTemplate.RunDigits + 1)..], out long number, out _)
            && Utf8Parser.TryParse(notes[(LeadTemplate.RunDigits + LeadTemplate.NumberDigits + 2)..], out long due, out _))
        {
            _runs.GetOrAdd(run, _ => new RunAtPort()).Count(number, due, Clock.Now);
        }

        return true;
    }
}
