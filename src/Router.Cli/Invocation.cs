using System.CommandLine;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli;

/// <summary>One run of a command: what was asked for, the router, and where to write.</summary>
internal sealed class Invocation : IDisposable
{
    private readonly ParseResult _parsed;
    private RouterApi? _api;

    private Invocation(ParseResult parsed, CancellationToken cancellation) =>
        (_parsed, Cancellation, Output) = (parsed, cancellation, new Output(parsed.GetValue(Globals.Json)));

    /// <summary>Ctrl+C, or the end of the process asked for otherwise.</summary>
    public CancellationToken Cancellation { get; }

    public Output Output { get; }

    /// <summary>The router; asks for its token at the first use.</summary>
    /// <exception cref="UsageException">There is no token, or the address is none.</exception>
    public RouterApi Api => _api ??= new RouterApi(RouterAddress.Of(this), RouterToken.Of(this));

    public T? Get<T>(Option<T> option) => _parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => _parsed.GetValue(argument)!;

    /// <summary>Gives a command what it does; its result is the exit code.</summary>
    public static void Set(Command command, Func<Invocation, Task<int>> action) => command.SetAction(async (parsed, cancellation) =>
    {
        using var invocation = new Invocation(parsed, cancellation);
        return await action(invocation);
    });

    public void Dispose() => _api?.Dispose();
}
