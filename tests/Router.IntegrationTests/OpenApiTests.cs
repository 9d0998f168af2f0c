using System.Net.Http.Json;
using System.Text;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class OpenApiTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Description_IsValidAndNamesEveryEndpoint()
    {
        var document = await Read();
        Assert.Equal(
            [
                "DELETE /api/accounts/{id}",
                "DELETE /api/accounts/{id}/second-factors",
                "DELETE /api/accounts/{id}/sessions",
                "DELETE /api/accounts/{id}/sessions/{session}",
                "DELETE /api/accounts/{id}/sites/{site}",
                "DELETE /api/products/{username}/password/previous",
                "DELETE /api/products/{username}/sites/{site}",
                "DELETE /api/set-aside/{id}",
                "DELETE /api/sites/{site}/destinations/{id}",
                "DELETE /api/sites/{site}/leads/{lead}",
                "DELETE /api/sites/{site}/people/{account}",
                "DELETE /api/sites/{site}/refused-leads/{id}",
                "DELETE /api/sites/{site}/replays/{replay}",
                "DELETE /api/sites/{site}/senders/{username}",
                "DELETE /api/tokens/{id}",
                "DELETE /rest/sites/{site}/users/{user}",
                "GET /api/accounts",
                "GET /api/accounts/{id}/sessions",
                "GET /api/audit",
                "GET /api/destinations",
                "GET /api/find",
                "GET /api/integrations",
                "GET /api/integrations/ready-made",
                "GET /api/outgoing-addresses",
                "GET /api/products",
                "GET /api/set-aside",
                "GET /api/set-aside/{id}/message",
                "GET /api/sites",
                "GET /api/sites/{site}",
                "GET /api/sites/{site}/audit",
                "GET /api/sites/{site}/deliveries",
                "GET /api/sites/{site}/deliveries/{event}/{destination}",
                "GET /api/sites/{site}/destinations",
                "GET /api/sites/{site}/destinations/{destination}/checks",
                "GET /api/sites/{site}/destinations/{destination}/checks/{check}",
                "GET /api/sites/{site}/destinations/{id}",
                "GET /api/sites/{site}/leads",
                "GET /api/sites/{site}/leads/{lead}",
                "GET /api/sites/{site}/limits",
                "GET /api/sites/{site}/people",
                "GET /api/sites/{site}/refused-leads",
                "GET /api/sites/{site}/refused-leads/{id}/contents",
                "GET /api/sites/{site}/replays",
                "GET /api/sites/{site}/replays/{replay}",
                "GET /api/sites/{site}/senders",
                "GET /api/sites/{site}/statement",
                "GET /api/tokens",
                "GET /rest/sites/{site}/users",
                "PATCH /api/integrations/{id}",
                "PATCH /api/products/{username}",
                "PATCH /api/sites/{site}",
                "PATCH /api/sites/{site}/destinations/{id}",
                "PATCH /api/sites/{site}/people/{account}",
                "PATCH /rest/sites/{site}/leads/{lead}",
                "PATCH /v2/rest/sites/{site}/leads/{lead}",
                "POST /api/accounts",
                "POST /api/accounts/{id}/invitation",
                "POST /api/integrations",
                "POST /api/integrations/{id}/preview",
                "POST /api/person/erasure",
                "POST /api/person/export",
                "POST /api/person/search",
                "POST /api/products",
                "POST /api/products/{username}/password",
                "POST /api/products/{username}/password/rotation",
                "POST /api/secrets/compare",
                "POST /api/set-aside/send",
                "POST /api/set-aside/{id}/send",
                "POST /api/sites",
                "POST /api/sites/{site}/deliveries/{event}/{destination}/replay",
                "POST /api/sites/{site}/deliveries/{event}/{destination}/retry",
                "POST /api/sites/{site}/destinations",
                "POST /api/sites/{site}/destinations/{destination}/checks",
                "POST /api/sites/{site}/destinations/{id}/preview",
                "POST /api/sites/{site}/destinations/{id}/promote",
                "POST /api/sites/{site}/destinations/{id}/secret",
                "POST /api/sites/{site}/erasure",
                "POST /api/sites/{site}/people",
                "POST /api/sites/{site}/person/erasure",
                "POST /api/sites/{site}/person/export",
                "POST /api/sites/{site}/person/search",
                "POST /api/sites/{site}/refused-leads/accept",
                "POST /api/sites/{site}/refused-leads/{id}/accept",
                "POST /api/sites/{site}/replays",
                "POST /api/tokens",
                "POST /rest/sites/{site}/leads",
                "POST /rest/sites/{site}/leads/{lead}/activities",
                "POST /rest/sites/{site}/potential-seller-leads",
                "PUT /api/accounts/{id}/sites/{site}",
                "PUT /api/products/{username}/sites/{site}",
                "PUT /api/set-aside/{id}/message",
                "PUT /api/sites/{site}/senders/{username}",
                "PUT /rest/sites/{site}/users/{user}",
            ],
            Operations(document).Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal));
        Assert.All(Operations(document), operation =>
        {
            Assert.NotEmpty(operation.Operation.OperationId!);
            Assert.NotEmpty(operation.Operation.Summary!);
            Assert.NotEmpty(operation.Operation.Security!);
        });
        Assert.Contains("full_baths", document.Components!.Schemas!["Property"].Properties!.Keys);
    }

    [Fact]
    public async Task Examples_SentAsTheyStand_AreAnsweredAsDescribed()
    {
        var site = await _router.CreateSite(asLeadManager: true);
        var destination = await site.AddDestination("example");
        var (email, _) = await PageClient.Invite(_router, "owner", site.Id);
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        var product = $"offered-{site.Id:N}";
        await _router.Admin.PostAsJsonAsync("/api/products", new { username = product, display_name = "Offered" });
        var sent = 0;
        foreach (var (method, path, operation) in Operations(await Read()))
        {
            if (operation.RequestBody?.Content?["application/json"].Example is not { } example)
                continue;

            var target = path.Replace("{site}", site.Id.ToString(), StringComparison.Ordinal)
                .Replace("{lead}", Guid.NewGuid().ToString("N"), StringComparison.Ordinal)
                .Replace("{account}", $"{account}", StringComparison.Ordinal)
                .Replace("{username}", product, StringComparison.Ordinal)
                .Replace("{user}", "7", StringComparison.Ordinal).Replace("{id}", destination.Id.ToString(), StringComparison.Ordinal)
                .Replace("{destination}", destination.Id.ToString(), StringComparison.Ordinal);
            using var content = new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(_router.Api.Url, target)) { Content = content };
            var response = target.StartsWith("/api", StringComparison.Ordinal)
                ? await _router.Admin.SendAsync(request)
                : await site.Send(request.Method, target[(target.IndexOf($"{site.Id}", StringComparison.Ordinal) + 36)..],
                    example.ToJsonString(), prefix: target[..target.IndexOf("/sites/", StringComparison.Ordinal)]);
            Assert.True(
                operation.Responses!.ContainsKey($"{(int)response.StatusCode}") && response.IsSuccessStatusCode,
                $"{method} {path} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            sent++;
        }

        Assert.Equal(29, sent);
    }

    [Fact]
    public async Task Webhooks_OfEachAction_DescribeWhatReceiversGet()
    {
        var document = await Read();
        Assert.Equal(
            ["activity_added", "created", "integration_disabled", "integration_enabled", "updated", "user_updated"],
            document.Webhooks!.Keys.Order(StringComparer.Ordinal));
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}"""));
        var created = document.Components!.Schemas!["Outgoing_created"];
        var body = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Json;
        Assert.All(body.EnumerateObject(), field => Assert.Contains(field.Name, created.Properties!.Keys));
        Assert.All(created.Required!, name => Assert.True(body.TryGetProperty(name, out _), name));
        Assert.Contains("created", created.Required!);
        var updated = document.Components.Schemas["Outgoing_updated"];
        Assert.Contains("source", updated.Required!);
        Assert.DoesNotContain("created", updated.Required!);
        Assert.All(document.Webhooks.Values, webhook => Assert.Contains("410", webhook.Operations!.Single().Value.Responses!.Keys));
    }

    [Fact]
    public async Task Description_AskedForAgain_IsNotMadeAgain()
    {
        using var http = new HttpClient();
        var address = new Uri(_router.Api.Url, "/openapi/v1.json");
        var first = await http.GetByteArrayAsync(address);
        Assert.Equal(first, await http.GetByteArrayAsync(address));
        Assert.Equal(404, (int)(await http.GetAsync(new Uri(_router.Api.Url, "/openapi/v2.json"))).StatusCode);
    }

    private async Task<OpenApiDocument> Read()
    {
        // Without credentials: it is for everybody.
        using var http = new HttpClient();
        var (document, diagnostic) = OpenApiDocument.Parse(
            await http.GetStringAsync(new Uri(_router.Api.Url, "/openapi/v1.json")), "json", new OpenApiReaderSettings());
        Assert.Empty(diagnostic!.Errors);
        return document!;
    }

    private static List<(string Method, string Path, OpenApiOperation Operation)> Operations(OpenApiDocument document) =>
        [.. document.Paths.SelectMany(
            path => path.Value.Operations!.Select(operation => (operation.Key.Method.ToUpperInvariant(), path.Key, operation.Value)))];
}
