using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace Router.Hosting;

/// <summary>
/// Hands log events to the console on a thread of its own: a console that nobody reads (a full pipe, a log driver that stands still) blocks
/// whoever writes to it, and that must never be a lead. What finds no room is dropped, and the next line that gets through says how many
/// were. (Serilog.Sinks.Async would wait for such a console for ever when the host stops.)
/// </summary>
internal sealed class AsideSink : ILogEventSink, IDisposable
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);
    private static readonly MessageTemplate Dropped = new MessageTemplateParser()
        .Parse("{Count} lines of the log were dropped: nobody read what this host writes to its console");

    private readonly ILogEventSink _console;
    private readonly LogLosses _losses;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<LogEvent> _waiting;
    private readonly Thread _writer;

    public AsideSink(ILogEventSink console, int most, LogLosses losses, TimeProvider time)
    {
        (_console, _losses, _time) = (console, losses, time);
        _waiting = new BlockingCollection<LogEvent>(most);
        _writer = new Thread(Write) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public void Emit(LogEvent logEvent)
    {
        try
        {
            if (!_waiting.TryAdd(logEvent))
                _losses.Add();
        }
        catch (InvalidOperationException)
        {
            // The host has stopped.
        }
    }

    /// <summary>Writes what waits, but doesn't wait for a console that stands still: a host must be able to stop.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        if (!_writer.Join(LastWords))
            return;
        (_console as IDisposable)?.Dispose();
        _waiting.Dispose();
    }

    private void Write()
    {
        foreach (var line in _waiting.GetConsumingEnumerable())
        {
            _console.Emit(line);
            if (_losses.Take() is > 0 and var count)
                _console.Emit(new LogEvent(
                    _time.GetUtcNow(), LogEventLevel.Warning, null, Dropped, [new LogEventProperty("Count", new ScalarValue(count))]));
        }
    }
}
