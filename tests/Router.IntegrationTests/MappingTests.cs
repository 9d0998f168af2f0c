using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Http;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A custom API gets its own format, and its answers mean what it says; then it goes into the catalogue.</summary>
public sealed class MappingTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    /// <summary>Leads are there only while something is tried on them: one at a time, and nobody waits with leads of their own.</summary>
    [Fact]
    public async Task Preview_WhileAnotherRuns_IsRefusedInWords()
    {
        const string busy = "Something else is being tried on leads. Try yours again in a moment.";
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        var crm = await site.AddDestination("crm");
        using var owner = new Browserless(router.Api.Url);
        var (_, link) = await PageClient.Invite(router, "owner", site.Id);
        await owner.Submit(await owner.Get(link), "Save and sign in", ("password", PageClient.Password));
        var page = await owner.Get($"/sites/{site.Id}/destinations/{crm.Id}/mapping");
        await using var holder = await router.OpenDatabase();
        await using var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await holder.ExecuteAsync("lock table lead_events in access exclusive mode");
        var first = Preview(new { answer_rules = Array.Empty<object>() });
        await router.WaitBehind(holder, 1);
        // Nor is a format looked at meanwhile: that takes as long as trying it does.
        var wrong = new { mapping = new { actions = new { created = new { template = "{% include 'x' %}" } } } };
        using var second = await Preview(wrong).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Contains(busy, await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var tried = await owner.Submit(page, "Try it", ("mapping.how", "template"), ("mapping.template", "{% include 'x' %}"))
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(429, tried.Status);
        Assert.Contains(busy, tried.Text, StringComparison.Ordinal);

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Preview(wrong)).StatusCode);

        Task<HttpResponseMessage> Preview(object change) =>
            router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{crm.Id}/preview", change);
    }

    [Fact]
    public async Task Format_OnItsPage_IsTriedOnARealLeadAndSaved()
    {
        var site = await _router.CreateSite();
        var crm = await site.AddDestination("crm");
        await Post(site, "Ann");
        await _router.Receiver.Wait(crm.Path, 1);
        using var owner = await Owner(site);
        var path = $"/sites/{site.Id}/destinations/{crm.Id}";
        Assert.Contains("It gets our own format.", (await owner.Get(path)).Text, StringComparison.Ordinal);

        (string, string)[] table =
            [("mapping.how", "table"), ("mapping.to", "contact.name"), ("mapping.from", "first_name, last_name")];
        var tried = await owner.Submit(await owner.Get($"{path}/mapping"), "Try it", table);
        Assert.Contains("The latest one, and what becomes of it", tried.Text, StringComparison.Ordinal);
        Assert.Matches("Their request .*\"contact\": \\{ \"name\": \"Ann Lee\"", tried.Text);
        Assert.Equal(JsonValueKind.Null, (await Read(site, crm)).GetProperty("mapping").ValueKind);

        var wrong = await owner.Submit(
            await owner.Get($"{path}/mapping"), "Save", ("mapping.how", "template"), ("mapping.template", "{% include 'x' %}"));
        Assert.Equal(422, wrong.Status);
        Assert.Contains("isn't Liquid", wrong.Text, StringComparison.Ordinal);
        Assert.Contains("{% include 'x' %}", wrong.Text, StringComparison.Ordinal);

        var saved = await owner.Submit(await owner.Get($"{path}/mapping"), "Save, and keep what it makes of the sample as a test", table);
        Assert.Contains("the sample of created", saved.Text, StringComparison.Ordinal);
        await Eventually.True(
            async () =>
            {
                await Post(site, "Bo");
                return _router.Receiver.At(crm.Path).Any(request => request.Json.TryGetProperty("contact", out var contact)
                    && contact.GetProperty("name").GetString() == "Bo Lee" && request.IsSignedWith(crm.Secret));
            },
            "it gets its format, signed");

        // The kept test must hold.
        var other = await owner.Submit(
            saved, "Save", ("mapping.how", "table"), ("mapping.to", "name"), ("mapping.from", "first_name"));
        Assert.Equal(422, other.Status);
        Assert.Contains("The test 'the sample of created' fails", other.Text, StringComparison.Ordinal);

        var own = await owner.Submit(await owner.Get($"{path}/mapping"), "Send our own format");
        Assert.Contains("gets our own format from now on", own.Text, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, (await Read(site, crm)).GetProperty("mapping").ValueKind);
    }

    [Fact]
    public async Task Answers_MeanWhatTheRulesSay_AndTheStatementBalances()
    {
        var site = await _router.CreateSite();
        var crm = await site.AddDestination("crm");
        await site.Patch(crm, new
        {
            answer_rules = new object[]
            {
                new
                {
                    means = "refused", status = "2xx", field = "error.code", values = new[] { "NO_AGENT" },
                    reason = "It has no agent there", reason_field = "error.message",
                },
                new { means = "failed", status = "2xx", field = "success", values = new[] { "false" } },
                new { means = "delivered", status = "409", reason = "It has it already" },
            },
        });
        var busy = 0;
        _router.Receiver.Answer(crm.Path, (context, request) =>
        {
            var name = request.Json.TryGetProperty("first_name", out var first) ? first.GetString() : "";
            context.Response.StatusCode = name == "Twice" ? 409 : 200;
            return context.Response.WriteAsJsonAsync<object>(name switch
            {
                "Nobody" => new { success = false, error = new { code = "no_agent", message = "for ann@mail.test" } },
                "Busy" when Interlocked.Increment(ref busy) == 1 => new { success = false },
                _ => new { success = true },
            });
        });
        // In force within a second.
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        foreach (var name in (string[])["Busy", "Twice", "Fine", "Nobody"])
            await Post(site, name);

        var statement = await Eventually.Get(
            async () => (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement")).GetProperty("rows")
                .EnumerateArray().First(row => row.GetProperty("destination_id").GetGuid() == crm.Id),
            row => row.GetProperty("received").GetInt64() == 4 && row.GetProperty("retrying").GetInt64() == 0, "all have an outcome");
        Assert.Equal((3, 1), (statement.GetProperty("delivered").GetInt64(), statement.GetProperty("rejected").GetInt64()));
        Assert.Equal(2, busy);
        var refused = await site.DeliveryAsOwner(crm, "rejected");
        Assert.Equal(
            "It has no agent there: for ann@mail.test", refused.GetProperty("attempts")[0].GetProperty("reason").GetString());

        // It repeats the lead: whoever may not see that gets the rest of the lists.
        var lead = refused.GetProperty("lead_id").GetString();
        foreach (var path in (string[])[$"/api/sites/{site.Id}/deliveries?state=rejected", $"/api/sites/{site.Id}/leads/{lead}"])
        {
            var text = await _router.Admin.GetStringAsync(path);
            Assert.Contains($"{crm.Id}", text, StringComparison.Ordinal);
            Assert.DoesNotContain("ann@mail.test", text, StringComparison.Ordinal);
        }

        // What would change is seen before it does.
        using var preview = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{crm.Id}/preview", new { answer_rules = Array.Empty<object>() });
        var changes = (await preview.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("answers").EnumerateArray()
            .Select(answer => (
                answer.GetProperty("status").GetInt32(), answer.GetProperty("before").GetString(),
                answer.GetProperty("after").GetString()));
        Assert.Equal([(200, "refused", "delivered"), (409, "delivered", "failed")], changes.Order());

        // An erased lead's answers say nothing of it any more.
        using var erased = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/erasure", new { lead_id = refused.GetProperty("lead_id").GetString() });
        Assert.True(erased.IsSuccessStatusCode, await erased.Content.ReadAsStringAsync());
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from attempts where destination_id = @Id and reason like '%ann@mail.test%'", new { crm.Id }));
    }

    [Fact]
    public async Task Mapping_ThatFailsForALead_KeepsItUntilItIsCorrected()
    {
        var site = await _router.CreateSite();
        var crm = await site.AddDestination("crm");
        await site.Patch(crm, new { mapping = Template("{\"zip\": {{ zip }} }") });
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        await Post(site, "Ann", zip: "96815 Honolulu");
        var waiting = await site.DeliveryAsOwner(crm, "dead");
        Assert.Equal("mapping_failed", waiting.GetProperty("last_error").GetString());
        Assert.Contains("line 1", waiting.GetProperty("attempts")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(_router.Receiver.At(crm.Path));

        await site.Patch(crm, new { mapping = Template("{\"zip\": {{ zip | json }} }") });
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        (await _router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{waiting.GetProperty("event_id")}/{crm.Id}/replay", content: null)).EnsureSuccessStatusCode();
        await site.Delivery(crm, "delivered");
        Assert.Equal("96815 Honolulu", Assert.Single(_router.Receiver.At(crm.Path)).Json.GetProperty("zip").GetString());
    }

    [Fact]
    public async Task CustomApi_Promoted_IsConnectedByOthersWithItsFormatAndTheirKey()
    {
        var (first, second) = (await _router.CreateSite(), await _router.CreateSite());
        var crm = await first.AddDestination("crm");
        await first.Patch(crm, new
        {
            mapping = Template("{\"mail\": {{ email | json }}, \"account\": \"{{ partner_id }}\" }"),
            answer_rules = new[] { new { means = "refused", status = "299", reason = "ignored" } },
            headers = new Dictionary<string, string> { ["X-Api-Key"] = "the first site's", ["X-Maker"] = "the maker's" },
        });
        var integration = await Ok(_router.Admin.PostAsJsonAsync($"/api/sites/{first.Id}/destinations/{crm.Id}/promote", new
        {
            name = $"CRM {Guid.NewGuid():N}", description = "Takes leads.", partner_id_label = "", key_label = "API key",
            key_header = "X-Api-Key", key_scheme = "plain", shared_headers = new[] { "X-Maker" }, published = true,
            secret = "the maker's own",
        }));
        var connected = (await Ok(_router.Admin.PostAsJsonAsync($"/api/sites/{second.Id}/destinations", new
        {
            integration_id = integration.GetProperty("id").GetGuid(), key = "the second site's",
        }))).GetProperty("id").GetGuid();
        using var without = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{(await _router.CreateSite()).Id}/destinations", new { integration_id = integration.GetProperty("id").GetGuid() });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, without.StatusCode);

        await Post(first, "Ann");
        await Post(second, "Bo");
        await _router.Receiver.Wait(crm.Path, 2);
        Assert.Equal(
            [("the first site's", "the maker's"), ("the second site's", "the maker's")],
            _router.Receiver.At(crm.Path).Select(request => (request.Headers["X-Api-Key"], request.Headers["X-Maker"])).Order());
        Assert.All(_router.Receiver.At(crm.Path), request => Assert.Equal("ann@mail.test", request.Json.GetProperty("mail").GetString()));

        // An owner's card shows none of what is the maker's or the operators'.
        using var owner = await PageClient.SignedIn(_router, "owner", second.Id);
        var token = await owner.MakeToken();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_router.Api.Url, "/api/integrations"));
        request.Headers.Authorization = new("Bearer", token);
        using var cards = await owner.Http.SendAsync(request);
        Assert.DoesNotContain("X-Maker", await cards.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // A change is tried on both sites' leads, then in force at both, and their own keys stay.
        var changed = new { mapping = Template("{\"email\": {{ email | json }} }") };
        var preview = await Ok(_router.Admin.PostAsJsonAsync($"/api/integrations/{integration.GetProperty("id")}/preview", changed));
        Assert.Equal(
            ["different", "different"],
            preview.GetProperty("requests").EnumerateArray().Select(one => one.GetProperty("effect").GetString()));
        await Ok(_router.Admin.PatchAsJsonAsync($"/api/integrations/{integration.GetProperty("id")}", changed));
        await Eventually.True(
            async () =>
            {
                await Post(second, "Cy");
                return _router.Receiver.At(crm.Path).Any(sent => sent.Json.TryGetProperty("email", out _)
                    && sent.Headers["X-Api-Key"] == "the second site's");
            },
            "the new format is in force");
        using var refused = await _router.Admin.PatchAsJsonAsync($"/api/sites/{second.Id}/destinations/{connected}", changed);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task Mapping_ThatCannotBe_IsRefusedAtItsField()
    {
        var site = await _router.CreateSite();
        var crm = await site.AddDestination("crm");
        foreach (var (change, field) in new (object, string)[]
        {
            (new { mapping = Template("{{ nothing") }, "mapping"),
            (new { mapping = Template("no JSON at all") }, "mapping"),
            (new { mapping = new { actions = new { sold = new { template = "{}" } } } }, "mapping"),
            (new { answer_rules = new[] { new { means = "refused", status = "204" } } }, "answer_rules"),
            (new { key = "k" }, "key"),
        })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}/destinations/{crm.Id}", change);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.True((await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty(field, out _), field);
        }

        using var locked = await _router.Admin.PatchAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{site.LeadManager.Id}", new { mapping = Template("{}") });
        Assert.Equal(HttpStatusCode.Conflict, locked.StatusCode);
    }

    private static object Template(string template) => new { actions = new { created = new { template } } };

    private async Task<Browserless> Owner(TestSite site)
    {
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return browser;
    }

    private Task<JsonElement> Read(TestSite site, TestDestination destination) =>
        _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/destinations/{destination.Id}");

    private static async Task Post(TestSite site, string name, string zip = "96815") => await Answers.AssertOk(201, await site.Post(
        JsonSerializer.Serialize(new { source = "Website", first_name = name, last_name = "Lee", email = "ann@mail.test", zip })));

    private static async Task<JsonElement> Ok(Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
