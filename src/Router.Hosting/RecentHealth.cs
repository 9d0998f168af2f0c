using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Router.Hosting;

/// <summary>
/// What the checks said a moment ago. Anybody may ask, and each look costs Postgres a transaction: however many ask, there are four a
/// second.
/// </summary>
internal sealed class RecentHealth(HealthCheckService checks, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _look = new(1);
    private (HealthReport Report, long At)? _last;

    /// <summary>The report of all checks that say whether the host can do its work.</summary>
    public async Task<HealthReport> Report()
    {
        await _look.WaitAsync();
        try
        {
            if (_last is not { } last || time.GetElapsedTime(last.At) >= Lasts)
                _last = last = (await checks.CheckHealthAsync(check => check.Tags.Contains("ready")), time.GetTimestamp());
            return last.Report;
        }
        finally
        {
            _look.Release();
        }
    }

    public void Dispose() => _look.Dispose();
}
