using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Router.Testing;

/// <summary>A Prometheus that scrapes each second and evaluates rules as often.</summary>
public sealed class Prometheus : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly HttpClient _http;

    private Prometheus(Process process, string directory, Uri url) =>
        (_process, _directory, _http) = (process, directory, new HttpClient { BaseAddress = url });

    /// <param name="jobs">The name of each job, and where it is scraped.</param>
    /// <param name="rules">A file of alert rules.</param>
    public static async Task<Prometheus> Start(IEnumerable<(string Job, Uri Metrics)> jobs, string rules)
    {
        var directory = Directory.CreateTempSubdirectory("lead-router-prometheus-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "rules.yml"), rules);
        await File.WriteAllTextAsync(
            Path.Combine(directory, "prometheus.yml"),
            $"""
            global: {"{"}scrape_interval: 1s, evaluation_interval: 1s{"}"}
            rule_files: [rules.yml]
            scrape_configs:
            {string.Concat(jobs.Select(job => $$"""
              - job_name: {{job.Job}}
                metrics_path: {{job.Metrics.AbsolutePath}}
                static_configs: [targets: ["{{job.Metrics.Authority}}"]]

            """))}
            """);
        var url = new Uri($"http://127.0.0.1:{TestHost.FreePort()}");
        var start = new ProcessStartInfo("prometheus", [
            $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address={url.Authority}"])
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

    /// <summary>What a query finds now: the labels of each series and its value.</summary>
    /// <exception cref="InvalidOperationException">Prometheus doesn't take the query.</exception>
    public async Task<List<(IReadOnlyDictionary<string, string> Labels, double Value)>> Query(string query)
    {
        using var response = await _http.PostAsync("/api/v1/query", new FormUrlEncodedContent([new("query", query)]));
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (answer.GetProperty("status").GetString() != "success")
            throw new InvalidOperationException($"{query}: {answer.GetProperty("error").GetString()}");
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => (
            (IReadOnlyDictionary<string, string>)series.GetProperty("metric").Deserialize<Dictionary<string, string>>()!,
            double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))];
    }

    /// <summary>The only value that a query finds; null for none.</summary>
    public async Task<double?> Value(string query) => await Query(query) is [var only] ? only.Value : null;

    /// <summary>The names of the alerts that fire now.</summary>
    public async Task<HashSet<string>> Firing() =>
        [.. (await _http.GetFromJsonAsync<JsonElement>("/api/v1/alerts")).GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!)];

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> IsReady()
    {
        try
        {
            using var answer = await _http.GetAsync("/-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
