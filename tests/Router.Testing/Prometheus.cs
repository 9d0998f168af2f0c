using System.Diagnostics;

namespace Router.Testing;

/// <summary>A Prometheus of the tests' own.</summary>
public sealed class Prometheus : PrometheusApi, IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private Prometheus(Process process, string directory, Uri url)
        : base(url) => (_process, _directory) = (process, directory);

    /// <summary>One that scrapes twice a second, and evaluates rules as often.</summary>
    /// <param name="jobs">The name of a job, and where it is scraped; more than once for several places.</param>
    /// <param name="rules">A file of alert rules.</param>
    public static async Task<Prometheus> Start(IEnumerable<(string Job, Uri Metrics)> jobs, string rules)
    {
        var directory = Directory.CreateTempSubdirectory("lead-router-prometheus-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "rules.yml"), rules);
        await File.WriteAllTextAsync(
            Path.Combine(directory, "prometheus.yml"),
            $"""
            global: {"{"}scrape_interval: 500ms, evaluation_interval: 500ms{"}"}
            rule_files: [rules.yml]
            scrape_configs:
            {string.Concat(jobs.GroupBy(job => job.Job, job => job.Metrics, StringComparer.Ordinal).Select(job => $$"""
              - job_name: {{job.Key}}
                metrics_path: {{job.First().AbsolutePath}}
                static_configs: [targets: [{{string.Join(", ", job.Select(target => $"\"{target.Authority}\""))}}]]

            """))}
            """);
        return await Start(directory, Path.Combine(directory, "prometheus.yml"));
    }

    /// <summary>With a configuration that somebody has.</summary>
    public static Task<Prometheus> Start(string configuration) =>
        Start(Directory.CreateTempSubdirectory("lead-router-prometheus-").FullName, configuration);

    private static async Task<Prometheus> Start(string directory, string configuration)
    {
        var url = new Uri($"http://127.0.0.1:{TestHost.FreePort()}");
        var start = new ProcessStartInfo("prometheus", [
            $"--config.file={configuration}", $"--storage.tsdb.path={directory}/data", $"--web.listen-address={url.Authority}"])
        {
            UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var lines = process.StandardError.ReadToEndAsync();
        process.BeginOutputReadLine();
        var prometheus = new Prometheus(process, directory, url);
        await Eventually.True(
            async () => process.HasExited ? throw new InvalidOperationException(await lines) : await prometheus.IsReady(),
            "Prometheus is ready");
        return prometheus;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.End();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
