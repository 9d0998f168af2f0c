using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Two live passwords of a product, and the networks that it may send from.</summary>
public sealed class ProductPasswordTests(TestServers servers)
{
    [Fact]
    public async Task Rotation_BothPasswordsLetItInUntilTheOldOneIsEnded_AndEachSaysWhenItWasUsed()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (site, username, old) = await Product(router);
        Assert.Equal(201, await Post(router, site, username, old));
        await Eventually.True(async () => (await Row(router, username)).GetProperty("password_used_at").ValueKind is JsonValueKind.String,
            "its use is noted");

        var made = await Json(router.Admin.PostAsJsonAsync($"/api/products/{username}/password/rotation", new { }));
        var fresh = made.GetProperty("password").GetString()!;
        Assert.NotEqual(old, fresh);
        var row = await Row(router, username);
        Assert.True(row.GetProperty("has_previous_password").GetBoolean());
        Assert.Equal(JsonValueKind.Null, row.GetProperty("previous_password_until").ValueKind);
        // Not used yet; the old one was.
        Assert.Equal(JsonValueKind.Null, row.GetProperty("password_used_at").ValueKind);
        Assert.Equal(JsonValueKind.String, row.GetProperty("previous_password_used_at").ValueKind);

        Assert.Equal(201, await Post(router, site, username, old));
        Assert.Equal(201, await Post(router, site, username, fresh));
        Assert.Equal(401, await Post(router, site, username, old + "x"));
        await Eventually.True(async () => (await Row(router, username)).GetProperty("password_used_at").ValueKind is JsonValueKind.String,
            "the use of the new one is noted");
        // A third would end one that somebody still sends with.
        Assert.Equal(HttpStatusCode.Conflict,
            (await router.Admin.PostAsJsonAsync($"/api/products/{username}/password/rotation", new { })).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await router.Admin.DeleteAsync($"/api/products/{username}/password/previous")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await router.Admin.DeleteAsync($"/api/products/{username}/password/previous")).StatusCode);
        Assert.Equal(401, await Post(router, site, username, old));
        Assert.Equal(201, await Post(router, site, username, fresh));

        // A leaked one ends with all before it.
        await Json(router.Admin.PostAsJsonAsync($"/api/products/{username}/password/rotation", new { overlap_hours = 24 }));
        await Json(router.Admin.PostAsync($"/api/products/{username}/password", content: null));
        Assert.Equal(401, await Post(router, site, username, fresh));
        var audit = await router.Admin.GetStringAsync("/api/audit");
        Assert.Contains("previous_password_sha256", audit, StringComparison.Ordinal);
        Assert.DoesNotContain("\\\\x", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldPassword_WhoseTimeIsOver_LetsNobodyIn()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (site, username, old) = await Product(router);
        await Json(router.Admin.PostAsJsonAsync($"/api/products/{username}/password/rotation", new { overlap_hours = 1 }));
        Assert.Equal(201, await Post(router, site, username, old));
        Assert.Equal(422, (int)(await router.Admin.PostAsJsonAsync(
            $"/api/products/{username}/password/rotation", new { overlap_hours = 0 })).StatusCode);

        // The hour passes.
        await router.Query<int>(
            "update products set previous_password_until = now() - interval '1 second' where username = @username returning 1",
            new { username });
        await Eventually.Equal(401, () => Post(router, site, username, old), "it has ended");
        Assert.False((await Row(router, username)).GetProperty("has_previous_password").GetBoolean());
        // And there is room for another one.
        await Json(router.Admin.PostAsJsonAsync($"/api/products/{username}/password/rotation", new { }));
    }

    [Fact]
    public async Task Product_LimitedToNetworks_IsRefusedFromElsewhereAndOperatorsSeeIt()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Http:TrustedProxies", "10.9.0.0/16"));
        var (site, username, password) = await Product(router);
        await Json(router.Admin.PatchAsJsonAsync(
            $"/api/products/{username}", new { networks = new[] { "203.0.113.0/24", "2001:db8::7" } }));
        Assert.Equal(["203.0.113.0/24", "2001:db8::7/128"],
            (await Row(router, username)).GetProperty("networks").EnumerateArray().Select(network => network.GetString()));

        // Directly it comes from this machine.
        using var refused = await Send(router, site, username, password);
        Assert.Equal(403, (int)refused.StatusCode);
        Assert.Contains("may not send from this address (127.0.0.1)", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // Whoever doesn't hold the password learns nothing of networks.
        Assert.Equal(401, await Post(router, site, username, "wrong", "203.0.113.9"));

        foreach (var (client, status) in new[]
        {
            ("203.0.113.9", 201), ("198.51.100.1", 403), ("2001:db8::7", 201), ("2001:db8::8", 403),
            // Two proxies: what each of them adds is believed, and what the client says before them isn't.
            ("203.0.113.9, 10.9.0.2", 201), ("203.0.113.9, 198.51.100.1", 403), ("203.0.113.9, 198.51.100.1, 10.9.0.2", 403),
        })
            Assert.True(status == await Post(router, site, username, password, client), $"{client} gets {status}");

        await Eventually.True(
            async () => await router.Query<long>(
                """
                select coalesce(sum(count), 0)::bigint from refused_requests
                where product = @username and status = 403 and reason = 'This product may not send from this address.'
                """, new { username }) == 5,
            "operators see them");
        Assert.Equal(422, (int)(await router.Admin.PatchAsJsonAsync($"/api/products/{username}", new { networks = new[] { "nowhere" } }))
            .StatusCode);
        // As a socket for both families spells it.
        await Json(router.Admin.PatchAsJsonAsync($"/api/products/{username}", new { networks = new[] { "::ffff:127.0.0.1" } }));
        Assert.Equal((201, 403), (
            await Post(router, site, username, password), await Post(router, site, username, password, "203.0.113.9")));
        await Json(router.Admin.PatchAsJsonAsync($"/api/products/{username}", new { networks = Array.Empty<string>() }));
        Assert.Equal(201, await Post(router, site, username, password));
    }

    [Fact]
    public async Task Client_BehindMoreProxiesThanAreBelieved_IsTheLastOneOfThem()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 0, ("Http:TrustedProxies", "10.9.0.0/16"), ("Http:ProxyHops", "1"));
        var (site, username, password) = await Product(router);
        await Json(router.Admin.PatchAsJsonAsync($"/api/products/{username}", new { networks = new[] { "203.0.113.0/24" } }));
        Assert.Equal(201, await Post(router, site, username, password, "203.0.113.9"));
        using var refused = await Send(router, site, username, password, "203.0.113.9, 10.9.0.2");
        Assert.Contains("(10.9.0.2)", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_RotatesAndEndsAndLimits()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (site, username, old) = await Product(router);
        using var browser = new Browserless(router.Api.Url);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var page = await browser.Get($"/operator/products/{username}");
        page = await browser.Submit(page, "Make a new password and show it", ("overlap_hours", ""));
        var fresh = page.Secret;
        Assert.Equal(43, fresh.Length);
        Assert.Contains("until you end it", page.Text, StringComparison.Ordinal);
        Assert.Equal((201, 201), (await Post(router, site, username, old), await Post(router, site, username, fresh)));
        page = await browser.Submit(page, "End the old password");
        Assert.Contains("The old password has ended.", page.Text, StringComparison.Ordinal);
        Assert.Equal((401, 201), (await Post(router, site, username, old), await Post(router, site, username, fresh)));

        page = await browser.Submit(page, "Save the networks", ("networks", "203.0.113.7\nnonsense"));
        Assert.Contains("addresses or networks such as", page.Error("networks"), StringComparison.Ordinal);
        page = await browser.Submit(page, "Save the networks", ("networks", "203.0.113.7\n10.0.0.0/8"));
        Assert.Contains("203.0.113.7/32, 10.0.0.0/8 and nowhere else", page.Text, StringComparison.Ordinal);
        Assert.Equal(403, await Post(router, site, username, fresh));
    }

    [Fact]
    public async Task CommandLine_RotatesShowsAndEnds()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var (site, username, old) = await Product(router);
        var rotated = await CommandLine.Of(router).Run("products", "rotate", username, "--overlap", "72");
        Assert.Equal(0, rotated.ExitCode);
        var fresh = rotated.Output.Trim();
        Assert.Equal((201, 201), (await Post(router, site, username, old), await Post(router, site, username, fresh)));
        Assert.Contains(
            "old password until ", (await CommandLine.Of(router).Run("products", "show", username)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.Of(router).Run("products", "finish", username)).ExitCode);
        Assert.Equal((401, 201), (await Post(router, site, username, old), await Post(router, site, username, fresh)));
        Assert.Contains("127.0.0.0/8 and nowhere else",
            (await CommandLine.Of(router).Run("products", "networks", username, "127.0.0.0/8")).Output, StringComparison.Ordinal);
        Assert.Equal(201, await Post(router, site, username, fresh));
    }

    private static async Task<(Guid Site, string Username, string Password)> Product(RouterFixture router)
    {
        var site = await router.CreateSite();
        var username = $"p-{Guid.NewGuid():N}";
        var made = await Json(router.Admin.PostAsJsonAsync("/api/products", new { username, display_name = "Website" }));
        (await router.Admin.PutAsync($"/api/products/{username}/sites/{site.Id}", content: null)).EnsureSuccessStatusCode();
        return (site.Id, username, made.GetProperty("password").GetString()!);
    }

    private static async Task<JsonElement> Row(RouterFixture router, string username) =>
        (await router.Admin.GetFromJsonAsync<JsonElement>("/api/products?limit=500")).GetProperty("items").EnumerateArray()
        .Single(product => product.GetProperty("username").GetString() == username);

    private static async Task<int> Post(RouterFixture router, Guid site, string username, string password, string? forwardedFor = null)
    {
        using var response = await Send(router, site, username, password, forwardedFor);
        return (int)response.StatusCode;
    }

    private static async Task<HttpResponseMessage> Send(
        RouterFixture router, Guid site, string username, string password, string? forwardedFor = null)
    {
        using var client = new HttpClient { BaseAddress = router.Api.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/rest/sites/{site}/leads")
        {
            Content = new StringContent("""{"source": "test", "email": "a@mail.test"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await client.SendAsync(request);
    }

    private static async Task<JsonElement> Json(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }
}
