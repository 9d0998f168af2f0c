using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Signing in, invitations, sessions, tokens.</summary>
public sealed class AccountTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Password_WrongFiveTimes_LocksTheAccountEvenForTheRightOne()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var client = new PageClient(_router);
        await client.Submit(link, ("password", PageClient.Password));
        using var stranger = new PageClient(_router);
        // The cookie that goes with the forms, once.
        await stranger.Http.GetAsync("/sign-in");
        // All at once: no more than five may be checked.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => stranger.SignIn(email, "not the password")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.SignIn(email, PageClient.Password)).StatusCode);

        await Execute(
            "update sign_in_tries set last_at = now() - interval '15 minutes' "
            + "where account_id = (select id from accounts where email = @email)",
            new { email });
        Assert.Equal(HttpStatusCode.Redirect, (await stranger.SignIn(email.ToUpperInvariant(), PageClient.Password)).StatusCode);
        Assert.Equal(0, await _router.Query<int>("select failed_sign_ins from accounts where email = @email", new { email }));
    }

    [Fact]
    public async Task SignIn_TriedTooOftenFromOneAddress_Is429ForAWhile()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0, ("Http:SignInsPerMinute", "30"));
        using var client = new PageClient(router);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 35; i++)
            statuses.Add((await client.Http.PostAsync("/sign-in", new FormUrlEncodedContent([]))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, statuses[0]);
        Assert.Equal(5, statuses.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(HttpStatusCode.OK, (await client.Http.GetAsync("/sign-in")).StatusCode);
    }

    [Fact]
    public async Task Unsubscribe_TriedTooOftenFromOneAddress_Is429ForAWhile()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0, ("Http:SignInsPerMinute", "3"));
        using var client = new PageClient(router);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 5; i++)
            statuses.Add((await client.Http.PostAsync($"/unsubscribe/{Guid.NewGuid()}", new FormUrlEncodedContent([]))).StatusCode);
        Assert.Equal(3, statuses.Count(status => status == HttpStatusCode.NotFound));
        Assert.Equal(2, statuses.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Invitation_UsedReplacedOrOld_IsGoodNoMore()
    {
        var (email, first) = await PageClient.Invite(_router, "owner");
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        var answer = await (await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null))
            .Content.ReadFromJsonAsync<JsonElement>();
        var second = answer.GetProperty("path").GetString()!;
        using var client = new PageClient(_router);
        Assert.Contains("used already", await Text(await client.Http.GetAsync(first)), StringComparison.Ordinal);

        await Execute("update invitations set expires_at = now() where account_id = @account", new { account });
        Assert.Contains("older than seven days", await Text(await client.Http.GetAsync(second)), StringComparison.Ordinal);
        await Execute("update invitations set expires_at = now() + interval '1 minute' where account_id = @account", new { account });
        Assert.Equal(HttpStatusCode.Redirect, (await client.Submit(second, ("password", PageClient.Password))).StatusCode);
        Assert.Contains("used already", await Text(await client.Http.GetAsync(second)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_OfADisabledAccountOrAnOldPassword_EndsAtOnce()
    {
        var site = await _router.CreateSite();
        using var here = await PageClient.SignedIn(_router, "owner", site.Id);
        var email = await Email(site.Id);
        using var there = new PageClient(_router);
        await there.SignIn(email, PageClient.Password);
        Assert.Equal(HttpStatusCode.OK, (await there.Http.GetAsync($"/sites/{site.Id}")).StatusCode);

        await here.Submit("/account/password", ("current_password", PageClient.Password), ("password", "quite another password"));
        Assert.Equal(HttpStatusCode.OK, (await here.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await there.Http.GetAsync($"/sites/{site.Id}")).StatusCode);

        var token = await here.MakeToken();
        using var api = new HttpClient { BaseAddress = _router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/api/sites/{site.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent,
            (await _router.Admin.DeleteAsync(
            $"/api/accounts/{await _router.Query<Guid>("select id from accounts where email = @email", new { email })}")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await here.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.GetAsync($"/api/sites/{site.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await here.SignIn(email, "quite another password")).StatusCode);
    }

    [Fact]
    public async Task Account_DisabledAndLetInAgain_HasNeitherItsOldSessionNorItsTokens()
    {
        var site = await _router.CreateSite();
        using var client = await PageClient.SignedIn(_router, "owner", site.Id);
        var token = await client.MakeToken();
        var account = await _router.Query<Guid>("select account_id from account_sites where site_id = @Id", new { site.Id });
        await _router.Admin.DeleteAsync($"/api/accounts/{account}");
        var link = (await (await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null))
            .Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
        Assert.Equal(HttpStatusCode.Redirect, (await client.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        using var fresh = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await fresh.Submit(link, ("password", PageClient.Password))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fresh.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await client.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get,
            new Uri(_router.Api.Url, $"/api/sites/{site.Id}")) { Headers =
            { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await new HttpClient().SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Account_DisabledWhileItsPasswordIsChanged_StaysDisabled()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var leaver = new PageClient(_router);
        await leaver.Submit(link, ("password", PageClient.Password));
        var id = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        await using var database = await _router.OpenDatabase();
        await using var held = await database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("select from accounts where id = @id for update", new { id }, held);
        var disabled = _router.Admin.DeleteAsync($"/api/accounts/{id}");
        await _router.WaitBehind(database, 1);
        var changed = leaver.Submit(
            "/account/password", ("current_password", PageClient.Password), ("password", "quite another password"));
        await _router.WaitBehind(database, 2);
        await held.CommitAsync(TestContext.Current.CancellationToken);

        Assert.True((await disabled).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await changed).StatusCode);
        Assert.True(await _router.Query<bool>("select disabled_at is not null from accounts where id = @id", new { id }));
        Assert.StartsWith("/sign-in", (await leaver.Http.GetAsync("/")).Headers.Location?.OriginalString ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIns_ManyAtOnce_KeepNoConnectionFromTheOutbox()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var site = await router.CreateSite();
        router.Settings["Database:MaxPoolSize"] = "4";
        router.Settings["RabbitMq:Uri"] = $"amqp://nobody:secret@127.0.0.1:{TestHost.FreePort()}/";
        var api = await router.Host("Router.Api").Ready();
        using var stranger = new Browserless(api.Url);
        var page = await stranger.Get("/sign-in");
        var guesses = Enumerable.Range(0, 150)
            .Select(i => stranger.Submit(page, "Sign in", ("email", $"nobody-{i}@realty.test"), ("password", "a guess"))).ToList();
        await Task.WhenAny(guesses);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            using var accepted = await TestSite.UntilTaken(() => site.Post(
                """{"source":"s","email":"a@b.c"}""", change: request =>
                    request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery)));
            Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        }

        // Who would have waited for too long was told so at once.
        var answers = (await Task.WhenAll(guesses)).Select(guess => guess.Status).ToList();
        Assert.Contains(401, answers);
        Assert.Contains(429, answers);
    }

    [Fact]
    public async Task Operator_OfTheConfiguration_DisabledAsTheLastOne_ComesBackWithTheNextStart()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        Assert.Equal(1, await router.Query<int>("update accounts set disabled_at = now() where role = 'operator' returning 1"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.GetAsync("/api/sites")).StatusCode);
        var again = await router.Host("Router.Api").Ready();
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.GetAsync(new Uri(again.Url, "/api/sites"))).StatusCode);
    }

    [Fact]
    public async Task Operator_OfTheConfiguration_WhoseAccountSomebodyElseHas_HasNothingOfTheirs()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        using var theirs = new PageClient(router);
        await theirs.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var token = await theirs.MakeToken();
        // Who is an operator by a claim alone may be none tomorrow: that is nobody for the configuration.
        var id = await router.Query<Guid>(
            """
            with other as (
                insert into accounts (id, email, role, role_from_claim)
                values (gen_random_uuid(), 'a.claims@realty.test', 'operator', true)
            ), login as (
                insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from accounts
            ), key as (
                insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
                select gen_random_uuid(), id, 'theirs', 'c', 'k', 0, now() from accounts
            ), link as (
                insert into invitations (account_id, is_asked_for, token_sha256, made_at, expires_at)
                select id, false, sha256('x'), now(), now() + interval '1 day' from accounts
            )
            update accounts set role = 'owner' where email = @OperatorsEmail returning id
            """, new { RouterFixture.OperatorsEmail });

        await router.Host("Router.Api").Ready();
        Assert.Equal("operator", await router.Query<string>("select role from accounts where id = @id", new { id }));
        Assert.Equal("", await router.Query<string>(
            """
            select concat_ws(', ',
                (select 'a login' from account_logins where account_id = @id), (select 'a passkey' from passkeys where account_id = @id),
                (select 'a link' from invitations where account_id = @id),
                (select 'a session' from sessions where account_id = @id and ended_at is null))
            """, new { id }));
        Assert.Equal(HttpStatusCode.Redirect, (await theirs.Http.GetAsync("/account")).StatusCode);
        using var api = new HttpClient { BaseAddress = router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.GetAsync("/api/sites")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.GetAsync("/api/sites")).StatusCode);
    }

    [Fact]
    public async Task Operator_OfTheConfiguration_WithoutAPassword_GetsNoneWhereItSignsInAtAProvider()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        Assert.Equal(1, await router.Query<int>("update accounts set password_hash = null where role = 'operator' returning 1"));
        await router.Query<int>(
            """
            insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from accounts returning 1
            """);
        await router.Host("Router.Api").Ready();
        Assert.True(await router.Query<bool>("select password_hash is null from accounts where role = 'operator'"));
    }

    [Fact]
    public async Task Link_OfAnOperator_TakesAwayWhatSomebodyElseHasAdded()
    {
        var (email, _) = await PageClient.Invite(_router, "owner");
        // An owner of a site saw the first link and has used it.
        var id = await _router.Query<Guid>(
            "update accounts set is_vouched = false, password_hash = 'theirs' where email = @email returning id", new { email });
        await _router.Query<int>(
            """
            with login as (insert into account_logins (issuer, subject, account_id) values ('https://provider.test', @email, @id))
            insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
            values (gen_random_uuid(), @id, 'theirs', convert_to(@email, 'utf8'), 'key', 0, now()) returning 1
            """, new { email, id });
        using var made = await _router.Admin.PostAsync($"/api/accounts/{id}/invitation", content: null);
        var path = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
        using var browser = new PageClient(_router);
        Assert.Equal(
            "/", (await browser.Submit(path, ("password", PageClient.Password))).Headers.Location!.OriginalString);
        Assert.False(await _router.Query<bool>(
            """
            select exists (select from passkeys where account_id = @id) or exists (select from account_logins where account_id = @id)
            """, new { id }));
    }

    [Fact]
    public async Task Secret_RefusedWhileTheOldOneIsLeaked_KeepsTheTick()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("leaky", signature: "both", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var again = await owner.Submit($"/sites/{site.Id}/destinations/{destination.Id}/secret", ("secret", "whsec_?"), ("leaked", "true"));
        Assert.Equal(422, (int)again.StatusCode);
        Assert.Matches("name=\"leaked\"[^>]* checked", await again.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/?find=%00")]
    [InlineData("/operator/audit?actor=a%00b")]
    [InlineData("/sites/{site}/deliveries?from=0001-01-01T00:00&to=9999-12-31T23:59")]
    [InlineData("/sites/{site}/deliveries?lead=nonsense&state=lost&after=garbage")]
    [InlineData("/sites/{site}/changes?before=-1")]
    [InlineData("/sites/{site}/statement?days=-5&destination=x")]
    public async Task Queries_OfAnyKind_BreakNoPage(string path)
    {
        var site = await _router.CreateSite();
        using var @operator = await PageClient.SignedIn(_router, "operator");
        await @operator.Submit("/account?handler=TimeZone", ("time_zone", "Asia/Tokyo"));
        var response = await @operator.Http.GetAsync(path.Replace("{site}", $"{site.Id}", StringComparison.Ordinal));
        Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode}");
    }

    [Fact]
    public async Task Bodies_WithOddTexts_AreRefusedInWords()
    {
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync("/api/accounts", new { email = "İ@x.test" })).StatusCode);
        Assert.Equal(422, (int)(await _router.Admin.PostAsJsonAsync("/api/products", new { username = "a\n", display_name = "a" }))
            .StatusCode);
        var site = await _router.CreateSite();
        await site.AddDestination("twice");
        Assert.Equal(409, (int)(await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { name = "Twice", url = "https://x.test", secret = "s" })).StatusCode);
        Assert.Equal(422, (int)(await _router.Admin.GetAsync($"/api/sites/{site.Id}/statement?to=0001-01-01T00:00:00Z")).StatusCode);
        Assert.Equal(400, (int)(await _router.Admin.GetAsync("/api/products?cursor=%00")).StatusCode);
    }

    [Fact]
    public async Task Cookies_AndHeaders_KeepPagesSafe()
    {
        var site = await _router.CreateSite();
        var (email, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var client = new PageClient(_router);
        var signedIn = await client.Submit(link, ("password", PageClient.Password));
        var cookie = Assert.Single(
            signedIn.Headers.GetValues("Set-Cookie"), value => value.StartsWith("lead_router_session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);

        // Behind a proxy that ends TLS, and anywhere but on this machine itself.
        using var secure = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = _router.Api.Url };
        secure.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        secure.DefaultRequestHeaders.Host = "router.example.test";
        var page = await secure.GetAsync("/sign-in");
        Assert.Equal("max-age=31536000; includeSubDomains", page.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.All(page.Headers.GetValues("Set-Cookie"), value => Assert.Contains("; secure", value, StringComparison.OrdinalIgnoreCase));
        foreach (var path in new[] { "/sign-in", $"/sites/{site.Id}", "/nowhere", link })
        {
            var response = await client.Http.GetAsync(path);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
            Assert.True(response.Headers.CacheControl!.NoStore);
            Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
            var html = await response.Content.ReadAsStringAsync();
            Assert.All(html.Split("<script")[1..], script => Assert.StartsWith(" src=\"/assets/", script, StringComparison.Ordinal));
            Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
        }

        // A session is no token: a form on another site can't call the API.
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.Http.GetAsync($"/api/sites/{site.Id}")).StatusCode);
        // A shared computer keeps nothing of the pages.
        var signedOut = await client.SubmitFrom("/account", "/sign-out");
        Assert.Equal("\"cache\", \"storage\"", signedOut.Headers.GetValues("Clear-Site-Data").Single());
        // Where somebody is sent after signing in is ours.
        using var other = new PageClient(_router);
        Assert.Equal("/", (await other.Submit("/sign-in", ("email", email), ("password", PageClient.Password),
            ("return", "https://evil.test/"))).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Token_OfTheConfiguration_OnceRevokedStaysRevoked()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        var token = (await router.Admin.GetFromJsonAsync<JsonElement>("/api/tokens")).GetProperty("items")[0];
        Assert.Equal("from configuration", token.GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.NoContent,
            (await router.Admin.DeleteAsync($"/api/tokens/{token.GetProperty("id").GetGuid()}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.GetAsync("/api/tokens")).StatusCode);

        await router.Api.Stop();
        var again = await router.Host("Router.Api").Ready();
        router.Admin.DefaultRequestHeaders.ConnectionClose = true;
        using var request = new HttpRequestMessage(HttpMethod.Get,
            new Uri(again.Url, "/api/tokens")) { Headers =
            { Authorization = new AuthenticationHeaderValue("Bearer", RouterFixture.AdminToken) } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Owner_AtLeadManagerAndTheSitesName_IsToldWhoChangesThem()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        using var api = new HttpClient { BaseAddress = _router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await owner.MakeToken());
        var path = $"/api/sites/{site.Id}";
        Assert.Equal(HttpStatusCode.Forbidden,
            (await api.PatchAsJsonAsync($"{path}/destinations/{site.LeadManager.Id}", new { url = "https://evil.test" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await api.PostAsJsonAsync($"{path}/destinations/{site.LeadManager.Id}/secret", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await api.PatchAsJsonAsync(path, new { domain = "evil.test" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsJsonAsync(path, new { require_proven = true })).StatusCode);
        Assert.Equal(site.Id,
            Assert.Single((await api.GetFromJsonAsync<JsonElement>("/api/sites")).GetProperty("items").EnumerateArray()).GetProperty("id")
            .GetGuid());
    }

    [Fact]
    public async Task Delivery_SeenByAnOperator_ShowsNothingOfTheLead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("echo");
        _router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            context.Response.StatusCode = 422;
            await context.Response.Body.WriteAsync(request.Body);
        });
        await site.PostLead("A very private note");
        var delivery = await site.Delivery(destination, "dead");
        Assert.All(delivery.GetProperty("attempts").EnumerateArray(), attempt =>
            Assert.Equal(("", true),
            (attempt.GetProperty("response_body").GetString(), attempt.GetProperty("response_hidden").GetBoolean())));

        var path = $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}";
        using var @operator = await PageClient.SignedIn(_router, "operator");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var seenByOperator = await Text(await @operator.Http.GetAsync(path));
        Assert.Contains("answered 422", seenByOperator, StringComparison.Ordinal);
        Assert.DoesNotContain("A very private note", seenByOperator, StringComparison.Ordinal);
        Assert.DoesNotContain("jack@mail.test", seenByOperator, StringComparison.Ordinal);
        Assert.Contains("A very private note", await Text(await owner.Http.GetAsync(path)), StringComparison.Ordinal);
    }

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync();

    private Task<string> Email(Guid site) => _router.Query<string>(
        "select a.email from accounts a join account_sites s on s.account_id = a.id where s.site_id = @site", new { site });

    private async Task Execute(string sql, object parameters)
    {
        await using var database = await _router.OpenDatabase();
        await Dapper.SqlMapper.ExecuteAsync(database, sql, parameters);
    }
}
