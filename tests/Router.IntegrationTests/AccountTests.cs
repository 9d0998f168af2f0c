using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Passwords, invitations and links, and that who is locked out or disabled stays out.</summary>
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

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync();

    private Task<string> Email(Guid site) => _router.Query<string>(
        "select a.email from accounts a join account_sites s on s.account_id = a.id where s.site_id = @site", new { site });

    private async Task Execute(string sql, object parameters)
    {
        await using var database = await _router.OpenDatabase();
        await Dapper.SqlMapper.ExecuteAsync(database, sql, parameters);
    }
}
