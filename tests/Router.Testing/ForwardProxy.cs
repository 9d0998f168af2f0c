using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Router.Testing;

/// <summary>A Tinyproxy, that is a forward proxy as companies have one between their servers and the internet.</summary>
public sealed partial class ForwardProxy : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;
    private readonly string _file;

    private ForwardProxy(Process process, string file, int port) => (_process, _file, Port) = (process, file, port);

    public int Port { get; }

    /// <summary>What it was asked to connect to, as <c>host:port</c>, in order.</summary>
    public IReadOnlyList<string> Asked =>
        [.. _lines.Select(line => Asking().Match(line)).Where(match => match.Success).Select(match => match.Groups["to"].Value)];

    /// <summary>Listens on 127.0.0.1.</summary>
    /// <param name="port">Where; 0 for a free port.</param>
    /// <param name="user">Who may use it, as <c>user password</c>; null for everybody.</param>
    /// <param name="onlyPort">The port that it connects to; null for all.</param>
    public static async Task<ForwardProxy> Start(int port = 0, string? user = null, int? onlyPort = null)
    {
        if (port == 0)
            port = TestHost.FreePort();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            $"""
            Port {port}
            Listen 127.0.0.1
            Allow 127.0.0.1
            Timeout 600
            LogLevel Connect
            {(user is null ? "" : $"BasicAuth {user}")}
            {(onlyPort is null ? "" : $"ConnectPort {onlyPort}")}

            """);
        var start = new ProcessStartInfo("tinyproxy", ["-d", "-c", file])
        {
            UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var proxy = new ForwardProxy(process, file, port);
        process.OutputDataReceived += (_, line) => proxy._lines.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => proxy._lines.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.True(proxy.Listens, "Tinyproxy listens");
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.End();
        _process.Dispose();
        File.Delete(_file);
    }

    [GeneratedRegex(@"Request \(file descriptor \d+\): CONNECT (?<to>\S+) HTTP", RegexOptions.NonBacktracking)]
    private static partial Regex Asking();

    private async Task<bool> Listens()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
