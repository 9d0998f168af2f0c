using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Router.Testing;

/// <summary>A host as a process of its own, so that it can be killed.</summary>
public sealed class HostProcess : TestHost
{
    private readonly Process _process;

    private HostProcess(Process process, ConcurrentQueue<string> output, Uri url)
        : base(url, output) => _process = process;

    public override bool HasExited => _process.HasExited;

    public static HostProcess Start(
        string name, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string>? output = null, Uri? url = null)
    {
        url ??= new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo(
            "dotnet", [Repository.Host(name)]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_URLS"] = url.AbsoluteUri;
        // Each runs for a moment: what it compiles is never run often enough for a second, better version of it.
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

    public override async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public override Task Freeze() => Signal("-STOP");

    public override Task Thaw() => Signal("-CONT");

    public override async Task<int> Stop()
    {
        if (!_process.HasExited)
            await Signal("-TERM");
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
    }

    private async Task Signal(string signal) => await Shell.Run("kill", signal, _process.Id.ToString(CultureInfo.InvariantCulture));
}
