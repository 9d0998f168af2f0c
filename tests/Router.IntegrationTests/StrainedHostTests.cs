using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Hosts whose console nobody reads, with few file descriptors, that are given several addresses of Postgres.</summary>
public sealed class StrainedHostTests(TestServers servers) : IAsyncLifetime
{
    private readonly List<Process> _hosts = [];
    private RouterFixture _router = null!;

    public async ValueTask InitializeAsync()
    {
        _router = await RouterFixture.Start(servers, workers: 0);
        await _router.Api.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            if (!host.HasExited)
                host.Kill();
            host.Dispose();
        }

        await _router.DisposeAsync();
    }

    [Fact]
    public async Task Leads_WhileNobodyReadsTheConsole_AreTakenAndDelivered()
    {
        var (api, apiUrl) = await Start("Router.Api");
        var (worker, workerUrl) = await Start("Router.Worker");
        var site = await CreateSite(apiUrl);
        // A pipe holds 64 KiB; a line for each lead taken and delivered is far more than that, and than what waits for a reader.
        const int leads = 600;
        for (var i = 0; i < leads; i++)
            await Post(site, apiUrl);
        await _router.Receiver.Wait(site.LeadManager.Path, leads, seconds: 60);
        using var http = new HttpClient();
        Assert.Contains("\"log\":\"Degraded\"",
            await http.GetStringAsync(new Uri(workerUrl, "/health/ready"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        // Somebody reads again, and is told how many lines are missing.
        Assert.Contains("lines of the log were dropped", await ReadUntil(worker.StandardOutput, "were dropped"), StringComparison.Ordinal);
        // The other one must be able to stop all the same.
        await Shell.Run("kill", "-TERM", $"{api.Id}");
        await api.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(0, api.ExitCode);
    }

    [Fact]
    public async Task Receiver_ThatTakesItsTime_TakesNotAllDescriptorsOfTheWorker()
    {
        var (_, apiUrl) = await Start("Router.Api");
        var (worker, _) = await Start("Router.Worker");
        var site = await CreateSite(apiUrl);
        _router.Receiver.Answer(site.LeadManager.Path, (_, _) => Task.Delay(TimeSpan.FromSeconds(4)));
        for (var i = 0; i < 300; i++)
            await Post(site, apiUrl);
        await _router.Receiver.Wait(site.LeadManager.Path, 40, seconds: 60);
        _router.Receiver.Answer(site.LeadManager.Path, 200);
        await _router.Receiver.Wait(site.LeadManager.Path, 300, seconds: 60);
        Assert.False(worker.HasExited, "the worker has ended");
    }

    [Fact]
    public async Task Connections_WithoutRequests_TakeNotAllDescriptorsAndAreClosed()
    {
        var (api, url) = await Start("Router.Api", ("Http:IdleTimeout", "00:00:02"), ("Incoming:HeadersTimeout", "00:00:02"));
        var idle = new List<Socket>();
        for (var i = 0; i < 600; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            idle.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, url.Port, TestContext.Current.CancellationToken);
        }

        // Those above the limit are closed at once, the others when they have been silent for long enough; then there is room again.
        foreach (var socket in idle)
        {
            try
            {
                Assert.Equal(0, await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
            }
            catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset)
            {
                // Closed just as well.
            }

            socket.Dispose();
        }

        Assert.False(api.HasExited);
        var site = await CreateSite(url);
        await Post(site, url);
    }

    private async Task<(Process Host, Uri Url)> Start(string name, params (string Key, string Value)[] settings)
    {
        var url = new Uri($"http://127.0.0.1:{TestHost.FreePort()}");
        var start = new ProcessStartInfo("bash",
            ["-c", "ulimit -n 600; exec dotnet \"$0\"", Repository.Host(name)]) { UseShellExecute = false, RedirectStandardOutput = true };
        var database = new UriBuilder(_router.Settings["Database:ConnectionString"]).Uri;
        foreach (var (key, value) in _router.Settings.Select(pair => (pair.Key, pair.Value)).Concat(settings)
            .Append(("ASPNETCORE_URLS", url.AbsoluteUri)).Concat(
        [
            ("Log:Buffer", "50"), ("Serilog:MinimumLevel:Override:Router", "Debug"),
            // Nobody listens at the first.
            ("Database:ConnectionString",
                $"postgres://{database.UserInfo}@127.0.0.1:1,{database.Host}:{database.Port}{database.AbsolutePath}"),
        ]))
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        var host = Process.Start(start)!;
        _hosts.Add(host);
        using var http = new HttpClient();
        await Eventually.True(
            async () =>
            {
                Assert.False(host.HasExited, $"{name} has ended");
                try
                {
                    using var answer = await http.GetAsync(new Uri(url, "/health/ready"));
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"{name} is ready", seconds: 60);
        return (host, url);
    }

    private async Task<TestSite> CreateSite(Uri api)
    {
        using var admin = new HttpClient { BaseAddress = api };
        admin.DefaultRequestHeaders.Authorization = _router.Admin.DefaultRequestHeaders.Authorization;
        return await TestSite.Create(_router, admin: admin);
    }

    private static async Task Post(TestSite site, Uri api)
    {
        using var answer = await site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request => request.RequestUri = new Uri(api, request.RequestUri!.PathAndQuery));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private static async Task<string> ReadUntil(StreamReader console, string word)
    {
        while (await console.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(word, StringComparison.Ordinal))
                return line;
        }

        return "the console ended";
    }
}
