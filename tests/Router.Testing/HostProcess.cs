using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Router.Testing;

/// <summary>A host as a process of its own, so that it can be killed.</summary>
public sealed class HostProcess : TestHost
{
    private static readonly string[] Secrets = ["ConnectionString", "RabbitMq__Uri", "Password", "Token", "Secret"];
    private static readonly ConcurrentBag<string> Directories = [];

    private readonly Process _process;

    // A host may be started with them again: they go when the tests end.
    static HostProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveFiles();

    private HostProcess(Process process, ConcurrentQueue<string> output, Uri url)
        : base(url, output) => _process = process;

    public override bool HasExited => _process.HasExited;

    public static HostProcess Start(
        string name, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string>? output = null, Uri? url = null) =>
        StartFrom(Repository.Host(name), settings, output, url);

    /// <summary>One that was built elsewhere.</summary>
    /// <param name="path">Its assembly.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="output">Gets its lines.</param>
    /// <param name="url">Where it listens; by default at a free port.</param>
    public static HostProcess StartFrom(
        string path, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string>? output = null, Uri? url = null)
    {
        url ??= new Uri($"http://127.0.0.1:{FreePort()}");
        var start = Command(path, settings);
        start.Environment["ASPNETCORE_URLS"] = url.AbsoluteUri;
        output ??= new ConcurrentQueue<string>();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new HostProcess(process, output, url);
    }

    /// <summary>A host's command, with a host's settings, to its end.</summary>
    /// <param name="name">The host.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="input">Lines for its standard input.</param>
    /// <param name="words">The command.</param>
    public static async Task<(int ExitCode, string Output)> Ask(
        string name, IReadOnlyDictionary<string, string> settings, IEnumerable<string> input, params IEnumerable<string> words)
    {
        var start = Command(Repository.Host(name), settings);
        foreach (var word in words)
            start.ArgumentList.Add(word);
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(string.Join('\n', input));
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Shell.Patience);
        return (process.ExitCode, await output + await errors);
    }

    public override Task Kill() => _process.End();

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

    private static ProcessStartInfo Command(string path, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [path])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // Each runs for a moment: what it compiles is never run often enough for a second, better version of it.
        start.Environment["DOTNET_TieredPGO"] = "0";
        // As in deploy/: what is secret is in files, for others may see what stands in a process's environment.
        var files = Directory.CreateTempSubdirectory("lead-router-settings-").FullName;
        Directories.Add(files);
        foreach (var (key, value) in settings)
        {
            var name = key.Replace(":", "__", StringComparison.Ordinal);
            if (IsSecret(name))
                File.WriteAllText(Path.Combine(files, name), value);
            else
                start.Environment[name] = value;
        }

        start.Environment.TryAdd("Settings__Directory", files);
        return start;
    }

    private static bool IsSecret(string setting) =>
        Secrets.Any(word => setting.EndsWith(word, StringComparison.OrdinalIgnoreCase));

    private static void RemoveFiles()
    {
        while (Directories.TryTake(out var directory))
            Directory.Delete(directory, recursive: true);
    }

    private async Task Signal(string signal) => await Shell.Run("kill", signal, _process.Id.ToString(CultureInfo.InvariantCulture));
}
