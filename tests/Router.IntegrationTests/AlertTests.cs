using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using MimeKit;
using Router.Testing;
using Received = Router.Testing.Received;

namespace Router.IntegrationTests;

/// <summary>People hear of trouble by mail and webhook: once, with the reason and without contents, and again when it is over.</summary>
public sealed class AlertTests(TestServers servers) : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw";

    private readonly MailServer _mails = MailServer.Start();
    private Receiver _hook = null!;
    private RouterFixture _router = null!;

    public async ValueTask InitializeAsync()
    {
        _hook = await Receiver.Start();
        _router = await RouterFixture.Start(
            servers, workers: 2,
            [
                .. _mails.Settings, ("Alerts:WebhookUrl", new Uri(_hook.Url, "/alerts").AbsoluteUri), ("Alerts:WebhookSecret", Secret),
                ("Alerts:Interval", "00:00:00.6"), ("Alerts:SlowInterval", "00:00:00.6"), ("Alerts:AfterLeads", "3"),
                ("Alerts:ClearAfter", "00:00:01"), ("Alerts:BetweenMails", "00:00:00.001"), ("Alerts:RetryAfter", "00:00:00.2"),
                ("Delivery:RetrySchedule", "00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01"),
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _router.DisposeAsync();
        await _mails.DisposeAsync();
        await _hook.DisposeAsync();
    }

    [Fact]
    public async Task Destination_ThatFails_IsToldOfOnceToEachWhoWantsIt_AndItsAllClear()
    {
        var site = await _router.CreateSite();
        var down = await site.AddDestination("Blue Door CRM");
        var owner = await Owner(site);
        var stranger = await Owner(await _router.CreateSite());
        _router.Receiver.Answer(down.Path, 401);
        for (var i = 0; i < 3; i++)
            await site.PostLead("the note of a lead");

        var mail = await _mails.Wait(owner.Email);
        Assert.Equal("Leads are not reaching Blue Door CRM (A site)", mail.Subject);
        Assert.Contains("answered 401", mail.TextBody!, StringComparison.Ordinal);
        Assert.Contains(
            $"https://leads.router.test/sites/{site.Id}/destinations/{down.Id}", mail.TextBody!, StringComparison.Ordinal);
        Assert.Equal("List-Unsubscribe=One-Click", mail.Headers[HeaderId.ListUnsubscribePost]);
        await _mails.Wait(RouterFixture.OperatorsEmail);
        var raised = await Hook(1);
        Assert.Equal(
            ("trouble.raised", "failing", down.Id),
            (raised.Json.GetProperty("type").GetString(), raised.Json.GetProperty("data").GetProperty("kind").GetString(),
                raised.Json.GetProperty("data").GetProperty("destination_id").GetGuid()));
        Assert.Equal(Sign(raised), raised.Headers["webhook-signature"]);

        _router.Receiver.Answer(down.Path, 200);
        var over = await _mails.Wait(owner.Email, count: 2);
        Assert.Equal("Blue Door CRM is accepting leads again (A site)", over.Subject);
        await _mails.Wait(RouterFixture.OperatorsEmail, count: 2);
        Assert.Equal("trouble.cleared", (await Hook(2)).Json.GetProperty("type").GetString());

        // Both workers have looked since, and have told nobody anything twice.
        await AnotherTrouble();
        Assert.Equal(2, _mails.To(owner.Email).Count);
        Assert.Empty(_mails.To(stranger.Email));
        var posted = _hook.All.Select(request => Encoding.UTF8.GetString(request.Body));
        foreach (var text in _mails.All.Select(one => one.TextBody).Concat(posted))
        {
            Assert.DoesNotContain("jack@mail.test", text, StringComparison.Ordinal);
            Assert.DoesNotContain("the note of a lead", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MailServerAway_AlertsWaitAndTheOperatorsPageSaysSo()
    {
        await _mails.Close();
        var site = await _router.CreateSite();
        var owner = await Owner(site);
        await SwitchOff(site);
        using var @operator = await PageClient.SignedIn(_router, "operator");
        await Eventually.True(
            async () => (await @operator.Http.GetStringAsync("/operator")).Contains("could not be sent yet", StringComparison.Ordinal),
            "the page says that alerts could not be sent");
        Assert.Contains(
            "wants no more leads and was switched off", await @operator.Http.GetStringAsync("/operator"), StringComparison.Ordinal);

        _mails.Open();
        Assert.Equal("Gone wants no more leads and was switched off (A site)", (await _mails.Wait(owner.Email)).Subject);
        await Eventually.True(
            async () => !(await @operator.Http.GetStringAsync("/operator")).Contains("could not be sent yet", StringComparison.Ordinal),
            "the page says nothing of it any more");
    }

    [Fact]
    public async Task Reader_WhoMayNoLongerSeeTheSite_HearsNothing()
    {
        await _mails.Close();
        var site = await _router.CreateSite();
        var (leaving, staying) = (await Owner(site), await Owner(site));
        await SwitchOff(site);
        await Eventually.True(
            async () => await _router.Query<long>("select count(*) from alerts where account_id = @Id", new { leaving.Id }) == 1,
            "an alert is planned");
        await _router.Query<int>("delete from account_sites where account_id = @Id", new { leaving.Id });

        await Eventually.True(
            async () => await _router.Query<bool>("select dropped_at is not null from alerts where account_id = @Id", new { leaving.Id }),
            "the alert is dropped");
        _mails.Open();
        await _mails.Wait(staying.Email);
        Assert.Empty(_mails.To(leaving.Email));
    }

    [Fact]
    public async Task Webhook_ThatRefusesOne_GetsTheOthersAndThatOneAgain()
    {
        var site = await _router.CreateSite();
        string? refused = null;
        _hook.Answer("/alerts", (context, request) =>
        {
            refused ??= request.Headers["webhook-id"];
            context.Response.StatusCode = request.Headers["webhook-id"] == refused && _hook.All.Count < 4 ? 400 : 200;
            return Task.CompletedTask;
        });
        await SwitchOff(site);
        await Hook(1);
        await SwitchOff(site, "Gone too");
        await Eventually.True(() => _hook.All.Any(request => request.Headers["webhook-id"] != refused), "the second alert arrives");
        await Eventually.True(
            async () => await _router.Query<long>("select count(*) from alerts where account_id is null and sent_at is null") == 0,
            "both were taken");
    }

    [Fact]
    public async Task Destination_LeftOff_NeedsNobodyAnyMore()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        await SwitchOff(site);
        await Eventually.True(
            async () => (await owner.Http.GetStringAsync($"/sites/{site.Id}")).Contains("was switched off", StringComparison.Ordinal),
            "the page says so");
        var gone = await _router.Query<Guid>("select id from destinations where inactive_reason is not null");
        await owner.Submit($"/sites/{site.Id}/destinations/{gone}?handler=Active", ("active", "false"));
        await Eventually.True(
            async () => !(await owner.Http.GetStringAsync($"/sites/{site.Id}")).Contains("was switched off", StringComparison.Ordinal),
            "the page says so no more");
        // Somebody decided it: that is no recovery.
        Assert.Equal(0, await _router.Query<long>("select count(*) from alerts where event = 'cleared'"));
    }

    [Fact]
    public async Task Page_SaysWhatNeedsAttention_AndTriesAllNow()
    {
        var site = await _router.CreateSite();
        var down = await site.AddDestination("Blue Door CRM");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.DoesNotContain("Needs attention", await owner.Http.GetStringAsync($"/sites/{site.Id}"), StringComparison.Ordinal);

        _router.Receiver.Answer(down.Path, 401);
        await site.PostLead();
        var page = "";
        await Eventually.True(
            async () => (page = await owner.Http.GetStringAsync($"/sites/{site.Id}")).Contains("Try all now", StringComparison.Ordinal),
            "the page says what needs attention");
        Assert.Contains("Leads are not reaching Blue Door CRM", page, StringComparison.Ordinal);
        Assert.Contains("1 delivery waits and is tried again. Nothing is lost.", page, StringComparison.Ordinal);
        Assert.Contains("answered 401", page, StringComparison.Ordinal);

        // Of another site nobody sees it.
        using var stranger = await PageClient.SignedIn(_router, "owner", (await _router.CreateSite()).Id, (await _router.CreateSite()).Id);
        Assert.DoesNotContain("Blue Door CRM", await stranger.Http.GetStringAsync("/"), StringComparison.Ordinal);
        using var both = await PageClient.SignedIn(_router, "owner", site.Id, (await _router.CreateSite()).Id);
        Assert.Contains("Leads are not reaching Blue Door CRM", await both.Http.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_WithQuietHoursOrWithoutWish_IsLeftAlone()
    {
        var site = await _router.CreateSite();
        var (quiet, leaving, awake) = (await Owner(site), await Owner(site), await Owner(site));
        var now = TimeOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await _router.Query<int>(
            "update accounts set quiet_from = @from::time, quiet_until = @until::time where email = @Email",
            new { from = $"{now.AddHours(-1):HH:mm}", until = $"{now.AddHours(1):HH:mm}", quiet.Email });

        await SwitchOff(site);
        var mail = await _mails.Wait(leaving.Email);
        await _mails.Wait(awake.Email);
        // As a mail program does it: one POST, signed in nowhere.
        var link = new Uri(mail.Headers[HeaderId.ListUnsubscribe]!.Trim('<', '>'));
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        Assert.Contains("Send me no more", await http.GetStringAsync(link.AbsolutePath), StringComparison.Ordinal);
        using var form = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(link.AbsolutePath, form)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"/unsubscribe/{Guid.NewGuid()}")).StatusCode);

        await SwitchOff(site, "Gone too");
        await _mails.Wait(awake.Email, count: 2);
        Assert.Single(_mails.To(leaving.Email));
        Assert.Empty(_mails.To(quiet.Email));

        // What came meanwhile comes in one mail afterwards.
        await _router.Query<int>("update accounts set quiet_from = null, quiet_until = null where email = @Email", new { quiet.Email });
        Assert.Equal("2 things need attention", (await _mails.Wait(quiet.Email)).Subject);
    }

    [Fact]
    public async Task Site_ThatFallsSilent_IsToldOf_AndOneThatNeverHadManyIsNot()
    {
        var (busy, quiet, young) = (await _router.CreateSite(), await _router.CreateSite(), await _router.CreateSite());
        var owner = await Owner(busy);
        await using (var database = await _router.OpenDatabase())
        {
            // Six a day until 30 hours ago; one every third day; six a day, for ten days only.
            await Leads(database, busy, days: 30, aDay: 6);
            await Leads(database, quiet, days: 30, aDay: 0.33);
            await Leads(database, young, days: 10, aDay: 6);
        }

        var mail = await _mails.Wait(owner.Email);
        Assert.Equal("A site has had no leads for 30 hours", mail.Subject);
        Assert.Contains("it usually gets 6 leads a day", mail.TextBody!, StringComparison.Ordinal);
        Assert.Equal(
            busy.Id, await _router.Query<Guid>("select site_id from troubles where kind = 'silent'"));

        await busy.PostLead();
        Assert.Equal("A site gets leads again", (await _mails.Wait(owner.Email, count: 2)).Subject);
    }

    [Fact]
    public async Task RefusalsOfADestinationAndOfAProduct_AreToldOf()
    {
        var site = await _router.CreateSite();
        var picky = await site.AddDestination("Picky");
        var owner = await Owner(site);
        _router.Receiver.Answer(picky.Path, 406);
        for (var i = 0; i < 10; i++)
            await site.PostLead();
        Assert.Equal("Picky refuses all its leads (A site)", (await _mails.Wait(owner.Email)).Subject);

        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await site.Post("""{"source": """)).StatusCode);
        await Eventually.True(
            () => _mails.To(RouterFixture.OperatorsEmail).Any(mail => mail.Subject == $"Requests from web-{site.Id:N} are being refused"),
            "operators hear of the product");
        Assert.Single(_mails.To(owner.Email));
    }

    [Fact]
    public async Task Links_ForInvitationsAndLostPasswords_ComeByMail()
    {
        var (email, path) = await PageClient.Invite(_router, "owner");
        Assert.Contains($"https://leads.router.test{path}", (await _mails.Wait(email)).TextBody!, StringComparison.Ordinal);
        using var owner = new PageClient(_router);
        await owner.Submit(path, ("password", PageClient.Password));

        // Somebody who signs in at a provider has lost no password: a link would be a way past it.
        var (provided, _) = await PageClient.Invite(_router, "owner");
        await _router.Query<int>(
            "insert into account_logins (issuer, subject, account_id) select 'https://provider.test', @provided, id from accounts "
            + "where email = @provided returning 1", new { provided });
        using var anybody = new PageClient(_router);
        await anybody.Submit("/lost-password", ("email", provided));
        var known = await (await anybody.Submit("/lost-password", ("email", email))).Content.ReadAsStringAsync();
        var unknown = await (await anybody.Submit("/lost-password", ("email", "nobody@router.test"))).Content.ReadAsStringAsync();
        Assert.Contains("If there is an account", known, StringComparison.Ordinal);
        Assert.Equal(WithoutToken(known), WithoutToken(unknown));

        var mail = await _mails.Wait(email, count: 2);
        // Another one at once is one too many.
        await anybody.Submit("/lost-password", ("email", email));
        var link = new Uri(mail.TextBody!.Split('\n').First(line => line.StartsWith("https://", StringComparison.Ordinal)).Trim());
        const string password = "another few words in a row";
        using var reader = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await reader.Submit(link.AbsolutePath, ("password", password))).StatusCode);
        using var again = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await again.SignIn(email, password)).StatusCode);
        Assert.Equal(2, _mails.To(email).Count);
        Assert.Empty(_mails.To("nobody@router.test"));
        Assert.Single(_mails.To(provided));

        // A stranger who knows the address ends no link of an operator's.
        var (invited, first) = await PageClient.Invite(_router, "owner");
        await anybody.Submit("/lost-password", ("email", invited));
        await _mails.Wait(invited, count: 2);
        using var newcomer = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await newcomer.Submit(first, ("password", password))).StatusCode);
    }

    private static string WithoutToken(string page) =>
        System.Text.RegularExpressions.Regex.Replace(page, "name=\"form_token\"[^>]*>", "");

    private static Task<int> Leads(Npgsql.NpgsqlConnection database, TestSite site, int days, double aDay) => database.ExecuteAsync(
        """
        with leads as (
            insert into lead_events (id, site_id, lead_id, lead_id_text, action, product, source_system, accepted_at, destinations)
            select gen_random_uuid(), @Id, gen_random_uuid(), 'x', 'created', 'web', 'web', at, array[@LeadManager]
            from generate_series(now() - interval '30 hours', now() - @days * interval '1 day', - interval '1 day' / @aDay) at
            returning id, accepted_at)
        insert into deliveries (accepted_at, event_id, destination_id, site_id, state, attempts, finished_at)
        select accepted_at, id, @LeadManager, @Id, 'delivered', 1, accepted_at from leads
        """, new { days, aDay, site.Id, LeadManager = site.LeadManager.Id });

    private static string Sign(Received request)
    {
        byte[] signed =
            [.. Encoding.UTF8.GetBytes($"{request.Headers["webhook-id"]}.{request.Headers["webhook-timestamp"]}."), .. request.Body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret["whsec_".Length..]), signed))}";
    }

    private async Task<Received> Hook(int count)
    {
        await Eventually.True(() => _hook.All.Count >= count, $"{count} alerts at the webhook");
        return _hook.All[count - 1];
    }

    private async Task AnotherTrouble()
    {
        var site = await _router.CreateSite();
        var owner = await Owner(site);
        await SwitchOff(site);
        await _mails.Wait(owner.Email);
    }

    /// <summary>A destination that answers 410.</summary>
    private async Task SwitchOff(TestSite site, string name = "Gone")
    {
        var gone = await site.AddDestination(name);
        _router.Receiver.Answer(gone.Path, 410);
        await site.PostLead();
    }

    private async Task<(Guid Id, string Email)> Owner(TestSite site)
    {
        var email = $"owner-{Guid.NewGuid():N}@realty.test";
        // The invitation's own mail is no alert.
        await using var database = await _router.OpenDatabase();
        var id = await database.ExecuteScalarAsync<Guid>(
            """
            with made as (
                insert into accounts (id, email, role, password_hash) values (gen_random_uuid(), @email, 'owner', 'none') returning id),
            given as (insert into account_sites (account_id, site_id) select id, @Id from made)
            select id from made
            """, new { email, site.Id });
        return (id, email);
    }
}
