using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Router.Testing;

/// <summary>TLS before a server of the tests, which speaks none itself. Counts who says something through it, and who goes away.</summary>
public sealed class TlsDoor : IAsyncDisposable
{
    // What clients of Postgres ask with before they encrypt by Kerberos, which no server of the tests does.
    private const int KerberosRequest = 80_877_104;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly Uri _server;
    private readonly X509Certificate2? _certificate;
    private readonly bool _isPostgres;
    private readonly Task _accepting;
    private int _refused;
    private int _entered;

    /// <param name="server">What is behind it.</param>
    /// <param name="certificate">What it shows; null where it says that there is no TLS, as Postgres can.</param>
    /// <param name="isPostgres">Whether clients ask for TLS first.</param>
    public TlsDoor(Uri server, X509Certificate2? certificate, bool isPostgres)
    {
        (_server, _certificate, _isPostgres) = (server, certificate, isPostgres);
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Clients that have gone without a word.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Clients that have said something, encrypted or not.</summary>
    public int Entered => Volatile.Read(ref _entered);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _over.Dispose();
    }

    private async Task Accept()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                _ = Serve(await _listener.AcceptTcpClientAsync(_over.Token), _over.Token);
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(TcpClient client, CancellationToken over)
    {
        using var one = client;
        var plain = client.GetStream();
        try
        {
            if (_isPostgres)
                await AnswerWhetherThereIsTls(plain, over);
            await using var line = _certificate is null ? (Stream)plain : new SslStream(plain);
            if (line is SslStream tls)
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, over);
            await Pass(line, over);
        }
        catch (Exception gone) when (gone is IOException or AuthenticationException or SocketException or OperationCanceledException)
        {
            Interlocked.Increment(ref _refused);
        }
    }

    private async Task AnswerWhetherThereIsTls(NetworkStream plain, CancellationToken over)
    {
        var request = new byte[8];
        await plain.ReadExactlyAsync(request, over);
        if (BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(4)) == KerberosRequest)
        {
            await plain.WriteAsync("N"u8.ToArray(), over);
            await plain.ReadExactlyAsync(request, over);
        }

        await plain.WriteAsync(_certificate is null ? "N"u8.ToArray() : "S"u8.ToArray(), over);
    }

    private async Task Pass(Stream line, CancellationToken over)
    {
        var first = new byte[16 * 1024];
        var count = await line.ReadAsync(first, over);
        if (count == 0)
            throw new EndOfStreamException();

        Interlocked.Increment(ref _entered);
        try
        {
            using var server = new TcpClient();
            await server.ConnectAsync(_server.Host, _server.Port, over);
            var behind = server.GetStream();
            await behind.WriteAsync(first.AsMemory(0, count), over);
            await Task.WhenAny(line.CopyToAsync(behind, over), behind.CopyToAsync(line, over));
        }
        catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
        {
            // It had been let in.
        }
    }
}
