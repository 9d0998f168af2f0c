using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Router.Cli.Diagnosis;

/// <summary>What the running API says of itself, and its clock.</summary>
internal static class RouterChecks
{
    private const string Subject = "router";

    // Of the header Date.
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(1);

    public static async Task<List<Finding>> Look(Uri address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            var asked = TimeProvider.System.GetUtcNow();
            using var answer = await http.GetAsync(new Uri(address, "health/ready"), cancellationToken);
            var answered = TimeProvider.System.GetUtcNow();
            List<Finding> found = answer.Headers.Date is { } date
                ? [ClockChecks.Compare("The router", date, asked + (answered - asked) / 2, Precision)] : [];
            return [.. found, .. Health(await answer.Content.ReadFromJsonAsync<JsonObject>(cancellationToken), address)];
        }
        catch (Exception away) when (away is HttpRequestException or JsonException
            || (away is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [new Finding(Gravity.Problem, Subject,
                $"The API at {address.GetLeftPart(UriPartial.Authority)} can't be reached, or something else answers there.",
                "Start it, or correct --url. Its log says why it doesn't start.")];
        }
    }

    private static IEnumerable<Finding> Health(JsonObject? health, Uri address)
    {
        var status = health?["status"]?.ToString();
        if (status == "Healthy")
            yield return new Finding(Gravity.Fine, Subject, $"The API at {address.GetLeftPart(UriPartial.Authority)} is well.");
        foreach (var (check, sentence) in health?["details"] as JsonObject ?? [])
            yield return new Finding(
                status == "Unhealthy" ? Gravity.Problem : Gravity.Warning, Subject, $"{check}: {sentence}", "docs/operators.md, At night.");
        if (status is not "Healthy" && health?["details"] is not JsonObject { Count: > 0 })
            yield return new Finding(
                Gravity.Problem, Subject, $"The API says of itself: {status ?? "nothing that a router says"}.", "Read its log.");
    }
}
