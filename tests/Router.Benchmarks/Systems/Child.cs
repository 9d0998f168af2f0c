using System.Diagnostics;
using System.Text.Json;

namespace Router.Benchmarks.Systems;

/// <summary>A process of a run. Its standard input ends with us, and so do those that listen to it.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string? _log;

    private Child(Process process, string? log) => (_process, _log) = (process, log);

    public int Id => _process.Id;

    /// <summary>
    /// This program again, to be asked by <see cref="Ask"/>. One thread serves all of its sockets and goes on with what they bring.
    /// </summary>
    public static Child Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Child).Assembly.Location, .. arguments]) { UseShellExecute = false,
            RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"] = "1";
        return new Child(Process.Start(start)!, log: null);
    }

    /// <summary>A program whose output goes to a file, without us in between.</summary>
    public static Child StartLogged(
        string log, string dll, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", "exec dotnet \"$@\" >\"$0\" 2>&1", log, dll, .. arguments]) { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var (key, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new Child(Process.Start(start)!, log);
    }

    public async Task<TReply> Ask<TOrder, TReply>(TOrder order, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        var reply = await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new InvalidOperationException("A child process of the benchmark has ended.");
        return JsonSerializer.Deserialize<TReply>(reply)!;
    }

    /// <summary>Waits until it answers there.</summary>
    public async Task<Child> Ready(Uri url, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60); await Task.Delay(
            50, cancellationToken))
        {
            if (_process.HasExited)
                break;
            try
            {
                if ((await http.GetAsync(url, cancellationToken)).IsSuccessStatusCode)
                    return this;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
        }

        throw new InvalidOperationException($"{url} never became ready:\n{string.Join('\n', File.ReadLines(_log!).TakeLast(20))}");
    }

    /// <summary>SIGTERM, and SIGKILL if that takes too long.</summary>
    public async Task Stop()
    {
        if (!_process.HasExited)
            await Shell.Run("kill", "-TERM", $"{Id}");
        await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(10)));
        if (!_process.HasExited)
            _process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _process.Dispose();
    }
}
