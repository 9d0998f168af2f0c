using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Router.Testing;

/// <summary>What a Prometheus answers, wherever it runs.</summary>
public class PrometheusApi(Uri url)
{
    private static readonly HttpClient Http = new();

    /// <summary>What a query finds now: the labels of each series and its value.</summary>
    /// <exception cref="InvalidOperationException">Prometheus doesn't take the query.</exception>
    public async Task<List<(IReadOnlyDictionary<string, string> Labels, double Value)>> Query(string query)
    {
        using var response = await Http.PostAsync(
            new Uri(url, "/api/v1/query"), new FormUrlEncodedContent([new("query", query)]));
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
        [.. (await Get("alerts")).GetProperty("alerts").EnumerateArray()
            .Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!)];

    /// <summary>The names of the alerts that it knows.</summary>
    public async Task<HashSet<string>> Alerts() =>
        [.. (await Get("rules")).GetProperty("groups").EnumerateArray()
            .SelectMany(group => group.GetProperty("rules").EnumerateArray()).Select(rule => rule.GetProperty("name").GetString()!)];

    /// <summary>Whether it answers.</summary>
    public async Task<bool> IsReady()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(url, "/-/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonElement> Get(string what) =>
        (await Http.GetFromJsonAsync<JsonElement>(new Uri(url, $"/api/v1/{what}"))).GetProperty("data");
}
