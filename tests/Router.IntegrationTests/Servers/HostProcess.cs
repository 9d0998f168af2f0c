using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Router.IntegrationTests.Servers;

/// <summary>Router.Api or Router.Worker as a process of its own, so that it can be killed.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output;

    private HostProcess(Process process, ConcurrentQueue<string> output, Uri url) => (_process, _output, Url) = (process, output, url);

    public Uri Url { get; }

    public string Output => string.Join('\n', _output);

    public bool HasExited => _process.HasExited;

    public static HostProcess Start(string name, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string>? output = null, Uri? url = null)
    {
        url ??= new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet", [Repository.Host(name)]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_URLS"] = url.AbsoluteUri;
        // Hundreds are started for a moment each: what they compile is never run often enough for a second, better version of it.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;

        output ??= new ConcurrentQueue<string>();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new HostProcess(process, output, url);
    }

    public async Task<HostProcess> Ready()
    {
        using var http = new HttpClient();
        var health = "";
        try
        {
            await Eventually.True(
                async () =>
                {
                    if (_process.HasExited)
                        throw new InvalidOperationException($"The host ended with {_process.ExitCode}:\n{Output}");
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
            Assert.Fail($"{late.Message}\n{health}\n{string.Join('\n', _output.TakeLast(60))}");
        }

        return this;
    }

    /// <summary>SIGKILL.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it does nothing any more and doesn't know it.</summary>
    public Task Freeze() => Signal("-STOP");

    /// <summary>SIGCONT.</summary>
    public Task Thaw() => Signal("-CONT");

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> Stop()
    {
        if (!_process.HasExited)
            await Signal("-TERM");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
    }

    private async Task Signal(string signal) => await Shell.Run("kill", signal, _process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Below those that outgoing connections and our servers get, or one of them might have it before the host listens.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
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
}
