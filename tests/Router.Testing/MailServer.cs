using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using MimeKit;
using SmtpServer;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Router.Testing;

/// <summary>A real SMTP server on 127.0.0.1 that keeps what it takes. It can be stopped, and started again at the same port.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<MimeMessage> _mails = new();
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private MailServer(int port) => Port = port;

    public int Port { get; }

    public IReadOnlyList<MimeMessage> All => [.. _mails];

    /// <summary>The settings of a router that sends by it.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{Port}"), ("Smtp:Security", "None"),
        ("Smtp:From", "Lead router <router@router.test>"), ("Alerts:PagesUrl", "https://leads.router.test"),
    ];

    public static MailServer Start()
    {
        var server = new MailServer(TestHost.FreePort());
        server.Open();
        return server;
    }

    public void Open()
    {
        _stop = new CancellationTokenSource();
        var options = new SmtpServerOptionsBuilder().ServerName("localhost")
            .Endpoint(endpoint => endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, Port))).Build();
        var services = new SmtpServer.ComponentModel.ServiceProvider();
        services.Add(new Store(_mails));
        _running = new SmtpServer.SmtpServer(options, services).StartAsync(_stop.Token);
    }

    public async Task Close()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_running, Task.Delay(TimeSpan.FromSeconds(5)));
        _stop.Dispose();
    }

    /// <summary>
    /// What came for this address. What tells owners where their leads go is left out: tests make destinations as an operator does.
    /// </summary>
    public IReadOnlyList<MimeMessage> To(string address) =>
        [.. _mails.Where(mail => mail.To.Mailboxes.Any(to => to.Address == address)
            && mail.Subject?.EndsWith(" from now on", StringComparison.Ordinal) is not true)];

    /// <summary>The first mail to this address.</summary>
    public async Task<MimeMessage> Wait(string address, int count = 1, int seconds = 60)
    {
        await Eventually.True(() => To(address).Count >= count, $"{count} mails to {address}", seconds);
        return To(address)[count - 1];
    }

    public async ValueTask DisposeAsync() => await Close();

    private sealed class Store(ConcurrentQueue<MimeMessage> mails) : MessageStore
    {
        public override async Task<SmtpResponse> SaveAsync(
            ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var stream = new MemoryStream(buffer.ToArray());
            mails.Enqueue(await MimeMessage.LoadAsync(stream, cancellationToken));
            return SmtpResponse.Ok;
        }
    }
}
