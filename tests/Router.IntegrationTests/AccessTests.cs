using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Everybody at every endpoint of the endpoint table, on the things of two sites.</summary>
public sealed class AccessTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    /// <summary>Who an endpoint is for. A new endpoint needs a line here.</summary>
    private static string? Rule(string method, string path) => (method, path) switch
    {
        (_, var p) when p.StartsWith("/rest/sites/{site}/", StringComparison.Ordinal)
            || p.StartsWith("/v2/rest/sites/{site}/", StringComparison.Ordinal) => "product",
        ("POST", "/api/sites/{site}/destinations/{id}/promote" or "/api/sites/{site}/erasure") => "operator token",
        (_, "/api/integrations/{id}/preview" or "/api/integrations/ready-made") => "operator token",
        (_, var p) when p.StartsWith("/api/sites/{site}", StringComparison.Ordinal) => "site token",
        ("GET", "/api/sites" or "/api/integrations" or "/api/outgoing-addresses" or "/api/destinations" or "/api/find") => "token",
        (_, "/api/sites" or "/api/integrations" or "/api/integrations/{id}" or "/api/audit" or "/api/secrets/compare") =>
            "operator token",
        (_, var p) when p.StartsWith("/api/set-aside", StringComparison.Ordinal) => "operator token",
        (_, var p) when p.StartsWith("/api/products", StringComparison.Ordinal)
            || p.StartsWith("/api/accounts", StringComparison.Ordinal)
            || p.StartsWith("/api/person/", StringComparison.Ordinal) => "operator token",
        ("DELETE", "/api/tokens/{id}") => "its own token",
        (_, "/api/tokens") => "token",
        (_, var p) when p.StartsWith("/sites/{site}", StringComparison.Ordinal) => "site page",
        (_, var p) when p == "/operator" || p.StartsWith("/operator/", StringComparison.Ordinal) => "operator page",
        (_, "/" or "/account" or "/sign-out" or "/confirm") => "page",
        (_, var p) when p.StartsWith("/account/", StringComparison.Ordinal) => "page",
        // Nobody here has made the first one.
        ("GET", "/sign-in/second-step") => "second step",
        (_, "/sign-in" or "/sign-in/with-provider" or "/sign-in/second-step") => "anybody",
        (_, "/invitation/{token}" or "/guide/receivers" or "/lost-password" or "/unsubscribe/{link}") => "anybody",
        ("GET", "/openapi/{documentName}.json" or "/health/live" or "/health/ready") => "anybody",
        ("GET", var p) when p.StartsWith("/assets/", StringComparison.Ordinal) => "anybody",
        _ => null,
    };

    [Fact]
    public async Task Endpoints_ByEverybody_AnswerAsTheirRuleSays()
    {
        var endpoints = await Endpoints();
        Assert.True(endpoints.Count > 60, $"only {endpoints.Count} endpoints");
        Assert.DoesNotContain(endpoints, endpoint => Rule(endpoint.Method, endpoint.Path) is null);

        var sites = new[] { await _router.CreateSite(asLeadManager: true), await _router.CreateSite(asLeadManager: true) };
        using var ownerA = await PageClient.SignedIn(_router, "owner", sites[0].Id);
        using var ownerB = await PageClient.SignedIn(_router, "owner", sites[1].Id);
        using var @operator = await PageClient.SignedIn(_router, "operator");
        using var viewer = await PageClient.Viewer(_router, sites[0].Id);
        using var anonymous = new PageClient(_router);
        var callers = new[]
        {
            new Caller("anonymous", anonymous.Http, null, null),
            new Caller("owner", ownerA.Http, null, sites[0].Id),
            new Caller("owner", ownerB.Http, null, sites[1].Id),
            new Caller("viewer", viewer.Http, null, sites[0].Id),
            new Caller("operator", @operator.Http, null, null),
            new Caller("product", anonymous.Http, sites[0].Credentials, sites[0].Id),
            new Caller("product", anonymous.Http, sites[1].Credentials, sites[1].Id),
            new Caller("owner token", anonymous.Http, new AuthenticationHeaderValue("Bearer", await ownerA.MakeToken()), sites[0].Id),
            new Caller("owner token", anonymous.Http, new AuthenticationHeaderValue("Bearer", await ownerB.MakeToken()), sites[1].Id),
            new Caller("viewer token", anonymous.Http, new AuthenticationHeaderValue("Bearer", await viewer.MakeToken()), sites[0].Id),
            new Caller("operator token", anonymous.Http, new AuthenticationHeaderValue("Bearer", RouterFixture.AdminToken), null),
        };

        var wrong = new List<string>();
        foreach (var site in sites)
        {
            foreach (var (method, path) in endpoints)
            {
                var rule = Rule(method, path)!;
                string? target = null;
                foreach (var caller in callers)
                {
                    target ??= await Target(path, site);
                    using var request = new HttpRequestMessage(
                        new HttpMethod(method), target) { Headers = { Authorization = caller.Authorization } };
                    if (method is not ("GET" or "DELETE"))
                        request.Content = new StringContent(
                            path.EndsWith("activities", StringComparison.Ordinal) ? "[]" : "{}", Encoding.UTF8, "application/json");
                    using var response = await caller.Http.SendAsync(request);
                    var expected = Expected(rule, caller.Kind, caller.Site == site.Id, Changes(method, path));
                    var actual = Outcome(response);
                    if (actual != expected)
                        wrong.Add($"{method} {target} by {caller.Kind} of {(caller.Site == site.Id ? "this" : "another")} site: "
                            + $"{actual} ({(int)response.StatusCode}), not {expected}");
                    // Whoever may use a page's forms must have been shown the page.
                    if (expected == "let in" && method == "POST" && rule.EndsWith("page", StringComparison.Ordinal)
                        && response.StatusCode != HttpStatusCode.BadRequest)
                        wrong.Add($"POST {target} by {caller.Kind} needs no form token: {(int)response.StatusCode}");
                    // It may be gone now.
                    if (method != "GET" && actual == "let in")
                        target = null;
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Whether a viewer may not: what isn't asked for by GET, and pages that are nothing but a form.</summary>
    private static bool Changes(string method, string path) => method != "GET" || path.Split('/')[^1] is
        "catalogue" or "new" or "secret" or "headers" or "access-tokens" or "certificate" or "filter" or "mapping" or "answers"
        or "pace" or "developer" or "off" or "delete" or "missed" or "erase" or "person"
        || path.Contains("/catalogue/", StringComparison.Ordinal);

    private static string Expected(string rule, string caller, bool isTheirs, bool changes) => (rule, caller) switch
    {
        ("site token", "viewer token") or ("site page", "viewer") => isTheirs ? changes ? "403" : "let in" : "404",
        (_, "viewer token") => Expected(rule, "owner token", isTheirs, changes),
        (_, "viewer") => Expected(rule, "owner", isTheirs, changes),
        ("anybody", _) => "let in",
        ("second step", _) => "to sign-in",
        ("product", "product") => isTheirs ? "let in" : "403",
        ("site token", "operator token") or ("operator token", "operator token") or ("token", "operator token" or "owner token") =>
            "let in",
        ("site token", "owner token") => isTheirs ? "let in" : "404",
        ("operator token", "owner token") => "403",
        // The operator's in this test.
        ("its own token", "operator token") => "let in",
        ("its own token", "owner token") => "404",
        ("product" or "site token" or "operator token" or "its own token" or "token", _) => "401",
        ("site page", "operator") or ("operator page", "operator") or ("page", "operator" or "owner") => "let in",
        ("site page", "owner") => isTheirs ? "let in" : "404",
        ("operator page", "owner") => "403",
        _ => "to sign-in",
    };

    private static string Outcome(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => "401",
        HttpStatusCode.Forbidden => "403",
        HttpStatusCode.NotFound => "404",
        HttpStatusCode.Redirect when response.Headers.Location!.OriginalString.Contains("/sign-in", StringComparison.Ordinal) =>
            "to sign-in",
        >= HttpStatusCode.InternalServerError => "broken",
        _ => "let in",
    };

    /// <summary>The path with ids of things that are there, made anew after each request that may have deleted them.</summary>
    private async Task<string> Target(string path, TestSite site)
    {
        if (path.Contains("{event}", StringComparison.Ordinal))
        {
            await site.PostLead();
            var delivery = await site.Delivery(site.LeadManager, "delivered");
            path = path.Replace("{event}", delivery.GetProperty("event_id").GetString(), StringComparison.Ordinal)
                .Replace("{destination}", $"{site.LeadManager.Id}", StringComparison.Ordinal);
        }

        // Senders may name any; people see those that are there.
        if (path.EndsWith("/leads/{lead}", StringComparison.Ordinal) && !path.Contains("/rest/", StringComparison.Ordinal))
        {
            var lead = await site.PostLead();
            await Eventually.Equal(
                1, () => _router.Query<long>("select count(*) from lead_events where lead_id = @lead", new { lead = Guid.Parse(lead) }),
                "the lead is in the ledger");
            path = path.Replace("{lead}", lead, StringComparison.Ordinal);
        }

        path = path.Replace("{site}", $"{site.Id}", StringComparison.Ordinal)
            .Replace("{lead}", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("{user}", "7", StringComparison.Ordinal).Replace("{token}", "none", StringComparison.Ordinal)
                .Replace("{documentName}", "v1", StringComparison.Ordinal)
            .Replace("{link}", $"{await _router.Query<Guid>("select unsubscribe from accounts limit 1")}", StringComparison.Ordinal);
        if (path.Contains("/users/", StringComparison.Ordinal))
            await site.Send(HttpMethod.Put, "/users/7", """{"name": "Ann"}""");
        if (path.Contains("/people/{", StringComparison.Ordinal))
            return Replace(
                path,
                await Id("/api/accounts", new { email = $"{Guid.NewGuid():N}@x.test", sites = new[] { site.Id } }, "account_id"));
        if (path.Contains("{session}", StringComparison.Ordinal))
        {
            var account = await Id("/api/accounts", new { email = $"{Guid.NewGuid():N}@x.test" }, "account_id");
            var session = await _router.Query<Guid>(
                "insert into sessions (id, account_id, token_sha256, how, browser) "
                + "values (gen_random_uuid(), @id, sha256(gen_random_uuid()::text::bytea), 'password', 'a browser') returning id",
                new { id = Guid.Parse(account) });
            return Replace(path.Replace("{session}", $"{session}", StringComparison.Ordinal), account);
        }

        if (path.Contains("/accounts/{id}/sites/", StringComparison.Ordinal))
            return path.Replace("{id}",
                await Id("/api/accounts", new { email = $"{Guid.NewGuid():N}@x.test", sites = new[] { site.Id } }, "account_id"),
                StringComparison.Ordinal);
        if (path.Contains("{username}", StringComparison.Ordinal))
        {
            var product = await Id("/api/products", new { username = $"p-{Guid.NewGuid():N}", display_name = "p" }, "username");
            await _router.Admin.PutAsync($"/api/products/{product}/sites/{site.Id}", content: null);
            if (path.EndsWith("/previous", StringComparison.Ordinal))
                await _router.Admin.PostAsJsonAsync($"/api/products/{product}/password/rotation", new { });
            return path.Replace("{username}", product, StringComparison.Ordinal);
        }

        if (path.Contains("/accounts/{", StringComparison.Ordinal))
            return Replace(path, await Id("/api/accounts", new { email = $"{Guid.NewGuid():N}@x.test" }, "account_id"));
        if (path.Contains("/integrations/{", StringComparison.Ordinal) || path.Contains("/catalogue/{", StringComparison.Ordinal))
            return Replace(path, await Id(
                "/api/integrations", new { name = "i", description = "d", url = "https://x.test", secret = "s", published = true }, "id"));
        if (path.Contains("/tokens/{", StringComparison.Ordinal))
            return Replace(path, await Id("/api/tokens", new { name = "t" }, "id"));
        if (path.Contains("{replay}", StringComparison.Ordinal))
            return Replace(path, await Id($"/api/sites/{site.Id}/replays", new { state = "dead" }, "id"));
        if (path.Contains("/set-aside/{", StringComparison.Ordinal))
            return Replace(path, (await _router.Query<Guid>(
                "insert into set_aside (queue, reason, size, digest, message) "
                + "values ('lead-retries', 'failed', 2, decode(md5(gen_random_uuid()::text), 'hex'), '{}') returning id")).ToString());
        if (path.Contains("/refused-leads/{", StringComparison.Ordinal) || path.Contains("{refused}", StringComparison.Ordinal))
            return Replace(path, $"{(await site.Refused("{\"source\": 7}")).Id}");
        if (!path.Contains('{', StringComparison.Ordinal))
            return path;

        var destination = (await site.AddDestination($"d{Guid.NewGuid():N}", active: false)).Id;
        if (path.Contains("{check}", StringComparison.Ordinal))
            path = path.Replace("{check}", await Id($"/api/sites/{site.Id}/destinations/{destination}/checks", new { }, "id"),
                StringComparison.Ordinal);
        return Replace(path, $"{destination}");
    }

    private static string Replace(string path, string id) => System.Text.RegularExpressions.Regex.Replace(path, "{[a-z]+}", id);

    private async Task<string> Id(string path, object body, string name)
    {
        var response = await _router.Admin.PostAsJsonAsync(path, body);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty(name).GetString()!;
    }

    private async Task<List<(string Method, string Path)>> Endpoints()
    {
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            foreach (var (key, value) in _router.Settings)
                host.UseSetting(key, value);
        });
        return
        [
            .. factory.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>()
                .SelectMany(endpoint =>
                    (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods
                        ?? (endpoint.RoutePattern.RawText!.Contains("health", StringComparison.Ordinal) ? ["GET"] : ["GET", "POST"]))
                    .Select(method => (method, "/"
                        + System.Text.RegularExpressions.Regex.Replace(endpoint.RoutePattern.RawText!.Trim('/'), ":[a-z]+}", "}"))))
                .Distinct().Order(),
        ];
    }

    private sealed record Caller(string Kind, HttpClient Http, AuthenticationHeaderValue? Authorization, Guid? Site);
}
