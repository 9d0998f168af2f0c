using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Router.Testing;

/// <summary>A running Router.Api or Router.Worker.</summary>
public abstract class TestHost(Uri url, ConcurrentQueue<string> output) : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, bool> GivenPorts = new();

    public Uri Url { get; } = url;

    /// <summary>All that was written to its console, and to that of hosts that it shares its output with.</summary>
    public string Output => string.Join('\n', output);

    public abstract bool HasExited { get; }

    public async Task<TestHost> Ready()
    {
        using var http = new HttpClient();
        var health = "";
        try
        {
            await Eventually.True(
                async () =>
                {
                    if (HasExited)
                        throw new InvalidOperationException($"The host has ended:\n{Output}");
                    try
                    {
                        using var answer = await http.GetAsync(new Uri(Url, "/health/ready"));
                        health = await answer.Content.ReadAsStringAsync();
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                "the host is ready", seconds: 180);
        }
        catch (Xunit.Sdk.FailException late)
        {
            Assert.Fail($"{late.Message}\n{health}\n{string.Join('\n', output.TakeLast(60))}");
        }

        return this;
    }

    /// <summary>As SIGTERM does; the exit code.</summary>
    public abstract Task<int> Stop();

    /// <summary>SIGKILL.</summary>
    public virtual Task Kill() => throw OnlyProcesses();

    /// <summary>SIGSTOP: it does nothing any more and doesn't know it.</summary>
    public virtual Task Freeze() => throw OnlyProcesses();

    /// <summary>SIGCONT.</summary>
    public virtual Task Thaw() => throw OnlyProcesses();

    public abstract ValueTask DisposeAsync();

    /// <summary>
    /// Below those that outgoing connections and our servers get, and none twice: or another might have it before the host listens.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
            if (!GivenPorts.TryAdd(port, true))
                continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }

    private static NotSupportedException OnlyProcesses() => new("Only processes can be killed and frozen: RouterFixture.StartProcesses.");
}
