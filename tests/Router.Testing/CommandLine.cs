using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Router.Testing;

/// <summary>What a run of the command line came to.</summary>
public sealed record Ran(int ExitCode, string Output, string Errors)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);
}

/// <summary>The real program <c>router</c>, as a process.</summary>
public sealed class CommandLine(string? url, string? token)
{
    private static readonly string[] Ours =
        ["ROUTER_URL", "ROUTER_TOKEN", "ROUTER_SITE", "ROUTER_SECRET", "ROUTER_HOST_SETTINGS"];

    /// <summary>With the operator's token.</summary>
    public static CommandLine Of(RouterFixture router) => new(router.Api.Url.AbsoluteUri, RouterFixture.AdminToken);

    public Task<Ran> Run(params string[] arguments) => Run([], arguments);

    /// <summary>With further variables of its environment; must end by itself.</summary>
    public async Task<Ran> Run(Dictionary<string, string> variables, params string[] arguments)
    {
        await using var running = Start(variables, arguments);
        return await running.End();
    }

    /// <summary>One that goes on until it is told to end.</summary>
    public RunningCommand Start(Dictionary<string, string> variables, params string[] arguments)
    {
        // Where the tests run in the background of a shell, they ignore Ctrl+C, and so would what they start.
        var start = new ProcessStartInfo("env",
            [
                "--default-signal=INT", "dotnet",
                Path.Combine(Path.GetDirectoryName(Repository.Host("Router.Cli"))!, "router.dll"), .. arguments,
            ])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (var name in Ours)
            start.Environment.Remove(name);
        if (url is not null)
            start.Environment["ROUTER_URL"] = url;
        if (token is not null)
            start.Environment["ROUTER_TOKEN"] = token;
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return new RunningCommand(Process.Start(start)!);
    }
}

/// <summary>A run that is under way.</summary>
public sealed class RunningCommand : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    internal RunningCommand(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    /// <summary>As Ctrl+C does.</summary>
    public Task Interrupt() => Signal("-INT");

    /// <summary>It does nothing until it is resumed.</summary>
    public Task Freeze() => Signal("-STOP");

    public Task Thaw() => Signal("-CONT");

    public async Task<Ran> End()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new Ran(_process.ExitCode, Output, Errors);
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task Signal(string which) => await Shell.Run("kill", which, _process.Id.ToString(CultureInfo.InvariantCulture));

    private static void Add(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
                text.Append(line).Append('\n');
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
