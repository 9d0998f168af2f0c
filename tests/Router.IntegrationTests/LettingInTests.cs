using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>An operator who lets somebody see a site's leads, itself too: the site's owners hear of it, or it can't.</summary>
public sealed class LettingInTests(TestServers servers)
{
    [Fact]
    public async Task Operator_WhoGivesItselfASite_IsToldToItsOwnersAndWrittenDown()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(servers, workers: 0, mails.Settings);
        var site = await router.CreateSite();
        var (owner, link) = await PageClient.Invite(router, "owner", site.Id);
        using var browser = new PageClient(router);
        await browser.Submit(link, ("password", PageClient.Password));
        // An owner who signs in at a provider has no password, and hears of it likewise.
        var (provided, _) = await PageClient.Invite(router, "owner", site.Id);
        await router.Query<int>(
            "insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from accounts "
            + "where email = @provided returning 1", new { provided });
        var me = await router.Query<Guid>("select id from accounts where email = @Email", new { Email = RouterFixture.OperatorsEmail });

        (await router.Admin.PutAsync($"/api/accounts/{me}/sites/{site.Id}", content: null)).EnsureSuccessStatusCode();
        foreach (var one in new[] { owner, provided })
        {
            var told = await Eventually.Get(
                () => Task.FromResult(
                    mails.To(one).FirstOrDefault(mail => mail.Subject?.StartsWith(
                        $"{RouterFixture.OperatorsEmail} may now see", StringComparison.Ordinal) is true)),
                mail => mail is not null, "its owner is told");
            Assert.Contains($"{RouterFixture.OperatorsEmail} may now see the leads of A site", told!.Subject, StringComparison.Ordinal);
            Assert.Contains($"/sites/{site.Id:D}/people", told.TextBody, StringComparison.Ordinal);
        }

        // And on their own page.
        foreach (var page in new[] { "changes", "people" })
            Assert.Contains(
                RouterFixture.OperatorsEmail, await browser.Http.GetStringAsync($"/sites/{site.Id}/{page}"), StringComparison.Ordinal);

        // Before it was theirs, one could have had its leads sent somewhere else.
        await router.Query<int>("delete from account_sites where account_id = @me returning 1", new { me });
        var crm = await site.AddDestination("crm");
        await site.Patch(crm, new { url = "https://elsewhere.test/leads" });
        foreach (var host in (string[])["127.0.0.1", "elsewhere.test"])
            await Eventually.True(
                () => mails.All.Any(mail => mail.To.Mailboxes.Single().Address == owner
                    && mail.Subject == $"Leads of A site go to {host} from now on"), $"its owner is told of {host}");
    }

    [Fact]
    public async Task Operators_WhoMayNotReadLeads_GetInByNoWay()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Admin:OperatorsReadLeads", "false"));
        var (site, bare) = (await router.CreateSite(), await router.CreateSite());
        var me = await router.Query<Guid>("select id from accounts where email = @Email", new { Email = RouterFixture.OperatorsEmail });
        // Not even a site that has nobody yet, which is theirs to give to somebody else.
        Assert.Equal(HttpStatusCode.Forbidden, await Give(router, me, bare.Id));
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        var ownersId = await router.Query<Guid>("select account_id from account_sites where site_id = @Id", new { site.Id });

        Assert.Equal(HttpStatusCode.Forbidden, await Give(router, me, site.Id));
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = "second-self@router.test", sites = new[] { site.Id } })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/people", new { email = RouterFixture.OperatorsEmail, role = "viewer" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/people", new { email = "second-self@router.test", role = "viewer" })).StatusCode);
        // A link for an owner's account is a way to be the owner.
        Assert.Equal(HttpStatusCode.Forbidden,
            (await router.Admin.PostAsync($"/api/accounts/{ownersId}/invitation", content: null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            "/api/person/export", new { email = "jack@mail.test", reason = "curious" })).StatusCode);
        Assert.Equal(1, await router.Query<int>("select count(*)::int from account_sites"));

        // Nor by having its leads sent to them, or by trying conditions on them until they know what is in them.
        using var owners = new HttpClient { BaseAddress = router.Api.Url };
        owners.DefaultRequestHeaders.Authorization = new("Bearer", await owner.MakeToken());
        var mine = new { name = "mine", url = "https://receiver.test/leads", secret = "a secret of 24 characters", partner_id = "1" };
        using var theirs = await owners.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", mine);
        Assert.Equal(HttpStatusCode.Created, theirs.StatusCode);
        var path = $"/api/sites/{site.Id}/destinations/{(await theirs.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id")}";
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", mine)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PatchAsJsonAsync(path, new { url = "https://other.test/" })).StatusCode);
        // A receiver with many customers knows by these whose leads they are; and whether a lead was sent tells something of it.
        foreach (var change in new object[]
        {
            new { url = "https://receiver.test/another" }, new { partner_id = "2" }, new { headers = new { api_key = "mine" } },
            new
            {
                filter = new { all = true, conditions = new[] { new { field = "email", @operator = "contains", values = new[] { "a" } } } },
            },
            new { mapping = new { actions = new { created = new { template = "{}" } } } }, new { answer_rules = Array.Empty<object>() },
        })
            Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PatchAsJsonAsync(path, change)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            $"{path}/promote", new { description = "Everybody's", secret = "another secret of 24 characters" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.PatchAsJsonAsync(path, new { max_in_flight = 2 })).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await router.Admin.PostAsJsonAsync($"/api/sites/{bare.Id}/destinations", mine)).StatusCode);
        var rules = new { answer_rules = Array.Empty<object>() };
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync($"{path}/preview", rules)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await owners.PostAsJsonAsync($"{path}/preview", rules)).StatusCode);

        // Nor by what is left of an account: one that signs in at a provider has no password, and one that is disabled has none, too.
        var provided = await router.Query<Guid>(
            """
            with made as (
                insert into accounts (id, email, role) values (gen_random_uuid(), 'provided@realty.test', 'owner') returning id
            ), sees as (
                insert into account_sites (account_id, site_id, role) select id, @Id, 'viewer' from made
            )
            insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from made returning account_id
            """, new { site.Id });
        Assert.Equal(HttpStatusCode.Forbidden, await Link(router, provided));
        (await router.Admin.DeleteAsync($"/api/accounts/{provided}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Forbidden, await Link(router, provided));
        // Nor as somebody whom an owner has invited and who has not come yet.
        using var token = new HttpClient { BaseAddress = router.Api.Url };
        token.DefaultRequestHeaders.Authorization = new("Bearer", await owner.MakeToken());
        using var added = await token.PostAsJsonAsync(
            $"/api/sites/{site.Id}/people", new { email = "colleague@realty.test", role = "viewer" });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await Link(
            router, await router.Query<Guid>("select id from accounts where email = 'colleague@realty.test'")));
        // Whom an operator has invited gets a new link from an operator.
        var (bareOwner, _) = await PageClient.Invite(router, "owner", bare.Id);
        Assert.Equal(HttpStatusCode.OK, await Link(
            router, await router.Query<Guid>("select id from accounts where email = @bareOwner", new { bareOwner })));
        // Nor as the first owner, once there are no others any more.
        using var other = await router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = "new.operator@router.test", role = "operator", sites = new[] { site.Id } });
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);

        // Owners do as before, and operators look and erase without seeing.
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        using var erased = await router.Admin.PostAsJsonAsync(
            "/api/person/erasure", new { email = "jack@mail.test", reason = "Request 1" });
        Assert.Equal(1, (await erased.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("leads").GetInt32());
        using var export = await token.PostAsJsonAsync($"/api/sites/{site.Id}/person/export", new { email = "jack@mail.test" });
        Assert.Equal(HttpStatusCode.OK, export.StatusCode);
        // Whoever takes all owners away can't name the next one.
        await router.Query<int>("delete from account_sites where site_id = @Id returning 1", new { site.Id });
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = "second-self@router.test", sites = new[] { site.Id } })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await router.Admin.PatchAsJsonAsync(path, new { url = "https://other.test/" })).StatusCode);
    }

    [Fact]
    public async Task Account_WhoseLinkAnOperatorHasSeen_IsLetInByNoOwnerBeforeItsPersonHasChosenAPassword()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(
            servers, workers: 0, [.. mails.Settings, ("Admin:OperatorsReadLeads", "false")]);
        var (site, bait) = (await router.CreateSite(), await router.CreateSite());
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        using var owners = new HttpClient { BaseAddress = router.Api.Url };
        owners.DefaultRequestHeaders.Authorization = new("Bearer", await owner.MakeToken());

        // Before it is used, and after an operator has used it; also as the first owner of a site that nobody has.
        var (email, link) = await PageClient.Invite(router, "owner");
        var (first, firstLink) = await PageClient.Invite(router, "owner", bait.Id);
        await Refused(email);
        using var thief = new PageClient(router);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.Submit(link, ("password", PageClient.Password))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.Submit(firstLink, ("password", PageClient.Password))).StatusCode);
        await Refused(email);
        await Refused(first);

        // Its person has its mail, and from then on it is theirs.
        using var person = new PageClient(router);
        await person.Submit("/lost-password", ("email", email));
        var mail = await mails.Wait(email, count: 2);
        var own = new Uri(mail.TextBody!.Split('\n').First(line => line.StartsWith("https://", StringComparison.Ordinal)).Trim());
        Assert.Equal(HttpStatusCode.Redirect, (await person.Submit(own.AbsolutePath, ("password", "another few words"))).StatusCode);
        // Unless there is another link.
        var account = await router.Query<Guid>("select id from accounts where email = @email", new { email });
        Assert.Equal(HttpStatusCode.OK, await Link(router, account));
        await Refused(email);
        await router.Query<int>("update invitations set expires_at = now() where account_id = @account returning 1", new { account });
        using var added = await Add(email);
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);

        async Task Refused(string whom)
        {
            using var answer = await Add(whom);
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            Assert.Contains("Lost your password?", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Task<HttpResponseMessage> Add(string whom) =>
            owners.PostAsJsonAsync($"/api/sites/{site.Id}/people", new { email = whom, role = "viewer" });
    }

    private static async Task<HttpStatusCode> Link(RouterFixture router, Guid account)
    {
        using var answer = await router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> Give(RouterFixture router, Guid account, Guid site) =>
        (await router.Admin.PutAsync($"/api/accounts/{account}/sites/{site}", content: null)).StatusCode;
}
