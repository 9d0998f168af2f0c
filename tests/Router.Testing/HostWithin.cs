using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Router.Testing;

/// <summary>
/// A host within the tests' process, run by its own Main: the second one of a kind starts in a tenth of the processor time, for all of it
/// is compiled. It can't be killed, and the environment's variables are everybody's.
/// </summary>
public sealed class HostWithin : TestHost
{
    private static readonly AsyncLocal<HostWithin?> Running = new();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private readonly TaskCompletionSource<IHost> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<int> _main;

    static HostWithin()
    {
        DiagnosticListener.AllListeners.Subscribe(new Listeners());
        Console.SetOut(new ConsoleOf(Console.Out));
    }

    private HostWithin(
        string name, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string> output, Uri url, params string[] words)
        : base(url, output)
    {
        Lines = output;
        string[] arguments = [
            .. words, $"--applicationName={name}", $"--urls={url}", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
        var main = Assembly.LoadFrom(Repository.Host(name)).EntryPoint!;
        _main = Task.Factory.StartNew(
            () => Main(main, arguments), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public override bool HasExited => _main.IsCompleted;

    private ConcurrentQueue<string> Lines { get; }

    public static HostWithin Start(string name, IReadOnlyDictionary<string, string> settings, ConcurrentQueue<string>? output = null) =>
        new(name, settings, output ?? new ConcurrentQueue<string>(), new Uri($"http://127.0.0.1:{FreePort()}"));

    /// <summary>A host's command, which must succeed; what it writes.</summary>
    public static async Task<string> Run(string name, IReadOnlyDictionary<string, string> settings, params string[] words)
    {
        var host = new HostWithin(name, settings, new ConcurrentQueue<string>(), new Uri("http://127.0.0.1:0"), words);
        var code = await host._main;
        return code == 0 ? host.Output
            : throw new InvalidOperationException($"{name} {string.Join(' ', words)} failed:\n{host.Output}");
    }

    public override async Task<int> Stop()
    {
        await Task.WhenAny(_built.Task, _main);
        if (!_main.IsCompleted)
            (await _built.Task).Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        return await _main.WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>A request that hangs keeps no test waiting for longer than it takes to time out.</summary>
    public override async ValueTask DisposeAsync() => await Task.WhenAny(Stop(), Task.Delay(Patience));

    private int Main(MethodInfo main, string[] arguments)
    {
        Running.Value = this;
        try
        {
            main.Invoke(null, [arguments]);
            return 0;
        }
        catch (TargetInvocationException ended)
        {
            Lines.Enqueue($"Unhandled exception. {ended.InnerException}");
            return 1;
        }
    }

    /// <summary>The builder tells of the host that it has made, in the flow of that host's Main.</summary>
    private sealed class Listeners : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
                value.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilt", Value: IHost host })
                Running.Value?._built.TrySetResult(host);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }

    /// <summary>What a host writes goes to its own lines, what the tests' runner writes where it did.</summary>
    private sealed class ConsoleOf(TextWriter runner) : TextWriter
    {
        public override System.Text.Encoding Encoding => runner.Encoding;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(string? value)
        {
            if (Running.Value is not { } host)
                runner.Write(value);
            else if (value is not null)
            {
                foreach (var line in value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    host.Lines.Enqueue(line);
            }
        }

        public override void Flush() => runner.Flush();
    }
}
