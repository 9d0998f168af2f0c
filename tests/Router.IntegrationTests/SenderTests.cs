using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Owners let in senders that are on offer, and withdraw them; nobody hears of the others.</summary>
public sealed class SenderTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Sender_OnOffer_SendsOnceAnOwnerLetsItInAndIsRefusedOnceWithdrawn()
    {
        var site = await _router.CreateSite();
        var sender = await Product("Valuations");
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site));
        using (var @operator = new Browserless(_router.Api.Url))
        {
            await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
            var page = await @operator.Get($"/operator/products/{sender.Username}");
            var bare = await @operator.Submit(page, "Offer it to all owners", ("offered", "true"));
            Assert.Equal((422, "The description is required."), (bare.Status, bare.Error("description")));
            page = await @operator.Submit(
                page, "Offer it to all owners", ("offered", "true"), ("description", "Asks what\r\n a house is worth"));
            Assert.Contains("is on offer: every owner may let it in", page.Text, StringComparison.Ordinal);
        }

        var (email, owner) = await Owner(site);
        using var _ = owner;
        var senders = await owner.Get($"/sites/{site.Id}/senders");
        Assert.Contains("Asks what a house is worth", senders.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site));
        var let = await owner.Submit(senders, $"Let in {sender.Name}");
        Assert.Contains($"{sender.Name} may send leads for A site from now on", let.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, await Send(sender, site));
        var lead = (await _router.Receiver.Wait(site.LeadManager.Path, 1))[0].Json;
        Assert.Equal((sender.Name, "let in"), (lead.GetProperty("source_system").GetString(), lead.GetProperty("source").GetString()));

        await Eventually.True(
            async () => (await Listed(site, sender)).GetProperty("last_message_at").ValueKind is JsonValueKind.String,
            "its last message is known");
        var listed = await Listed(site, sender);
        Assert.Equal(
            (true, true, email),
            (listed.GetProperty("is_let_in").GetBoolean(), listed.GetProperty("can_withdraw").GetBoolean(),
            listed.GetProperty("let_in_by").GetString()));
        // The site's own product has sent nothing.
        var own = (await List(site)).Single(one => !one.GetProperty("offered").GetBoolean());
        Assert.Equal(JsonValueKind.Null, own.GetProperty("last_message_at").ValueKind);

        senders = await owner.Get(senders.Path);
        Assert.Contains("is refused (403)", senders.Text, StringComparison.Ordinal);
        var withdrawn = await owner.Submit(senders, $"Withdraw {sender.Name}");
        Assert.Contains($"{sender.Name} may no longer send leads", withdrawn.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site));
        // Pressed once more in another window.
        Assert.Equal(409, (await owner.Submit(senders, $"Withdraw {sender.Name}")).Status);

        var changes = (await owner.Get($"/sites/{site.Id}/changes")).Text;
        var (access, who) = ($"access of product {sender.Username}", email);
        Assert.Matches($"{who} {access} deleted .*{who} {access} created", changes);
        // What was accepted is delivered, and in the ledger.
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Sender_LetInAndWithdrawnAtOneHost_IsSoAtEveryHost()
    {
        await using var router = await RouterFixture.Start(shared.Servers);
        var other = router.Host("Router.Api");
        await other.Ready();
        var site = await router.CreateSite();
        var sender = await Product("Everywhere", router);
        await Offer(sender, router);
        using var api = await Token(await PageClient.SignedIn(router, "owner", site.Id), router);
        // Both know it already.
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site, other));
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site, router.Api));
        var path = $"/api/sites/{site.Id}/senders/{sender.Username}";
        Assert.Equal(HttpStatusCode.NoContent, (await api.PutAsync(path, content: null)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, await Send(sender, site, router.Api));
        await Eventually.True(async () => await Send(sender, site, other) == HttpStatusCode.Created, "the other host lets it in");
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await Send(sender, site, router.Api));
        await Eventually.True(async () => await Send(sender, site, other) == HttpStatusCode.Forbidden, "the other host refuses it");
    }

    [Fact]
    public async Task Sender_NotOnOffer_CannotBeLetInNorFoundOutByAnOwner()
    {
        var (site, another) = (await _router.CreateSite(), await _router.CreateSite());
        var hidden = await Product("Hidden");
        using var api = await Token(await PageClient.SignedIn(_router, "owner", site.Id), _router);
        var path = $"/api/sites/{site.Id}/senders";
        using var secret = await api.PutAsync($"{path}/{hidden.Username}", content: null);
        using var nobody = await api.PutAsync($"{path}/no-such-{Guid.NewGuid():N}", content: null);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (secret.StatusCode, nobody.StatusCode));
        Assert.Equal(Detail(await secret.Content.ReadAsStringAsync()), Detail(await nobody.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await api.DeleteAsync($"{path}/{hidden.Username}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await Send(hidden, site));
        Assert.DoesNotContain(hidden.Username, await api.GetStringAsync(path), StringComparison.Ordinal);

        // What an operator gave: seen, and not withdrawn.
        await _router.Admin.PutAsync($"/api/products/{hidden.Username}/sites/{site.Id}", content: null);
        var given = await Listed(site, hidden);
        Assert.Equal(
            (true, false), (given.GetProperty("is_let_in").GetBoolean(), given.GetProperty("can_withdraw").GetBoolean()));
        Assert.Equal(HttpStatusCode.Conflict, (await api.DeleteAsync($"{path}/{hidden.Username}")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, await Send(hidden, site));

        // What an owner let in and is offered no more: withdrawn, and not let in again.
        var taken = await Product("Taken back");
        await Offer(taken);
        Assert.Equal(HttpStatusCode.NoContent, (await api.PutAsync($"{path}/{taken.Username}", content: null)).StatusCode);
        await Offer(taken, offered: false);
        Assert.Equal(HttpStatusCode.Created, await Send(taken, site));
        using (var others = await Token(await PageClient.SignedIn(_router, "owner", another.Id), _router))
        {
            // A site of somebody else; and one that has not let it in.
            Assert.Equal(HttpStatusCode.NotFound, (await others.DeleteAsync($"{path}/{taken.Username}")).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await others.PutAsync($"{path}/{taken.Username}", content: null)).StatusCode);
            Assert.Equal(
                HttpStatusCode.NotFound,
                (await others.PutAsync($"/api/sites/{another.Id}/senders/{taken.Username}", content: null)).StatusCode);
            Assert.DoesNotContain(
                taken.Username, await others.GetStringAsync($"/api/sites/{another.Id}/senders"), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Created, await Send(taken, site));
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"{path}/{taken.Username}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.PutAsync($"{path}/{taken.Username}", content: null)).StatusCode);
    }

    [Fact]
    public async Task Viewer_OfASite_SeesItsSendersAndChangesNone()
    {
        var site = await _router.CreateSite();
        var (sender, spare) = (await Product("Seen"), await Product("Spare"));
        await Offer(sender);
        await Offer(spare);
        await _router.Admin.PutAsync($"/api/sites/{site.Id}/senders/{sender.Username}", content: null);
        using var viewer = await PageClient.Viewer(_router, site.Id);
        var page = await viewer.Http.GetStringAsync($"/sites/{site.Id}/senders");
        Assert.Contains(sender.Username, page, StringComparison.Ordinal);
        Assert.Contains(spare.Username, page, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=LetIn", page, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=Withdraw", page, StringComparison.Ordinal);
        using var api = await Token(viewer, _router);
        var path = $"/api/sites/{site.Id}/senders";
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PutAsync($"{path}/{spare.Username}", content: null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.DeleteAsync($"{path}/{sender.Username}")).StatusCode);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Forbidden), (await Send(sender, site), await Send(spare, site)));
    }

    [Fact]
    public async Task LeadManager_OrAnOfferWithoutADescription_IsRefused()
    {
        var leadManager = await Product("Lead Manager", isLeadManager: true);
        using var refused = await _router.Admin.PatchAsJsonAsync(
            $"/api/products/{leadManager.Username}", new { description = "d", offered = true });
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        var product = await Product("Bare");
        foreach (var change in new object[]
        {
            new { offered = true }, new { description = new string('x', 1001) }, new { description = "a\0" },
        })
        {
            using var invalid = await _router.Admin.PatchAsJsonAsync($"/api/products/{product.Username}", change);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, invalid.StatusCode);
            Assert.Contains("'description'", await invalid.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var missing = await _router.Admin.PatchAsJsonAsync("/api/products/nobody", new { offered = true });
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var dots = await _router.Admin.PostAsJsonAsync("/api/products", new { username = "..", display_name = "d" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, dots.StatusCode);
    }

    private sealed record Sending(string Username, string Name, AuthenticationHeaderValue Credentials);

    private async Task<Sending> Product(string name, RouterFixture? router = null, bool isLeadManager = false)
    {
        var (username, unique) = ($"p-{Guid.NewGuid():N}", $"{name} {Guid.NewGuid():N}");
        using var made = await (router ?? _router).Admin.PostAsJsonAsync(
            "/api/products", new { username, display_name = unique, is_lead_manager = isLeadManager });
        var password = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("password").GetString();
        return new Sending(username, unique, new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))));
    }

    private async Task Offer(Sending sender, RouterFixture? router = null, bool offered = true)
    {
        using var changed = await (router ?? _router).Admin.PatchAsJsonAsync(
            $"/api/products/{sender.Username}", new { description = "Sends leads", offered });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    private static async Task<HttpStatusCode> Send(Sending sender, TestSite site, TestHost? api = null)
    {
        using var response = await TestSite.UntilTaken(() => site.Send(
            HttpMethod.Post, "/leads", """{"source": "let in", "email": "ann@mail.test"}""",
            change: request => request.Headers.Authorization = sender.Credentials, api: api));
        return response.StatusCode;
    }

    private async Task<(string Email, Browserless Owner)> Owner(TestSite site)
    {
        var (email, link) = await PageClient.Invite(_router, "owner", site.Id);
        var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return (email, browser);
    }

    private static async Task<HttpClient> Token(PageClient client, RouterFixture router)
    {
        var http = new HttpClient { BaseAddress = router.Api.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await client.MakeToken());
        return http;
    }

    private async Task<List<JsonElement>> List(TestSite site) =>
        [.. (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/senders")).GetProperty("items").EnumerateArray()
            .Where(one => one.GetProperty("is_let_in").GetBoolean())];

    private async Task<JsonElement> Listed(TestSite site, Sending sender) =>
        (await List(site)).Single(one => one.GetProperty("username").GetString() == sender.Username);

    private static string Detail(string problem) =>
        JsonSerializer.Deserialize<JsonElement>(problem).GetProperty("detail").GetString()!;
}
