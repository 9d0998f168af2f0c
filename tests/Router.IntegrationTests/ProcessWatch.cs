using System.Collections.Concurrent;

namespace Router.IntegrationTests;

/// <summary>Command lines and environments of all processes of this machine that are there while it watches.</summary>
internal sealed class ProcessWatch : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;

    public ProcessWatch() => _watching = Task.Run(Watch);

    /// <summary>What it has seen until now, and sees once more.</summary>
    public async Task<string> Seen()
    {
        await DisposeAsync();
        Look();
        return string.Join('\n', _seen.Keys);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
    }

    private async Task Watch()
    {
        while (!_end.IsCancellationRequested)
        {
            Look();
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private void Look()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path["/proc/".Length])))
        {
            foreach (var file in new[] { "cmdline", "environ" })
            {
                try
                {
                    foreach (var word in File.ReadAllText(Path.Combine(process, file)).Split('\0'))
                        _seen.TryAdd(word, true);
                }
                catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
                {
                    // It has ended, or is somebody else's.
                }
            }
        }
    }
}
