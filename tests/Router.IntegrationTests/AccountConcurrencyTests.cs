using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// What people and their programs ask for at the same time leaves connections to others, and to leads. Whoever reads the audit log waits
/// here, with a connection, for as long as a test holds that table.
/// </summary>
public sealed class AccountConcurrencyTests(TestServers servers)
{
    [Fact]
    public async Task Requests_OfAnAccountWithManyTokens_ShareItsPlaces()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        using var page = await PageClient.SignedIn(router, "owner", site.Id);
        using var neighbour = await PageClient.SignedIn(router, "owner", site.Id);
        var tokens = await Tokens(router, page, 5);
        await using var holder = await HoldAuditLog(router);

        var byTokens = tokens.SelectMany(http => Many(http, $"/api/sites/{site.Id}/audit", 8)).ToList();
        await router.WaitBehind(holder, 4);
        // Whoever has stolen a token doesn't keep its owner from the pages, and the other way round.
        var onPages = Many(page.Http, $"/sites/{site.Id}/changes", 8);
        await router.WaitBehind(holder, 8);
        Assert.Equal(HttpStatusCode.OK, (await neighbour.Http.GetAsync($"/sites/{site.Id}")).StatusCode);
        Assert.Equal(8, await Waiting(router));

        await holder.ExecuteAsync("rollback");
        foreach (var answer in byTokens.Concat(onPages))
            Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        tokens.ForEach(http => http.Dispose());
    }

    [Fact]
    public async Task Requests_OfEverybody_LeaveConnectionsToLeads()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "8"));
        var site = await router.CreateSite();
        var people = new List<PageClient>();
        for (var i = 0; i < 4; i++)
            people.Add(await PageClient.SignedIn(router, "owner", site.Id));
        await using var holder = await HoldAuditLog(router);

        var asked = people.SelectMany(one => Many(one.Http, $"/sites/{site.Id}/changes", 4)).ToList();
        await router.WaitBehind(holder, 6);
        await site.PostLead();
        using var users = await site.Send(HttpMethod.Get, "/users");
        Assert.Equal(HttpStatusCode.OK, users.StatusCode);
        Assert.Equal(6, await Waiting(router));

        await holder.ExecuteAsync("rollback");
        foreach (var answer in asked)
            Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        people.ForEach(one => one.Dispose());
    }

    /// <summary>Whoever sends a body for as long as the server lets them keeps nobody out.</summary>
    [Fact]
    public async Task Bodies_ThatDoNotCome_TakeNobodysPlaces()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "4"));
        var site = await router.CreateSite();
        using var slow = await PageClient.SignedIn(router, "owner", site.Id);
        using var neighbour = await PageClient.SignedIn(router, "owner", site.Id);
        var token = (await Tokens(router, slow, 1))[0];
        using var stop = new CancellationTokenSource();
        var bodies = Enumerable.Range(0, 4).Select(_ => new SlowBody()).ToList();
        var sent = bodies.ConvertAll(body => token.PostAsync($"/api/sites/{site.Id}/destinations", body, stop.Token));
        await Task.WhenAll(bodies.Select(body => body.Begun)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        using var page = await neighbour.Http.GetAsync($"/sites/{site.Id}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.All(sent, request => Assert.False(request.IsCompleted));
        await stop.CancelAsync();
        foreach (var request in sent)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        token.Dispose();
    }

    /// <summary>Operators are those who can shut somebody out: nobody else takes their places.</summary>
    [Fact]
    public async Task Operators_HavePlacesOfTheirOwn()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "8"));
        var site = await router.CreateSite();
        using var one = await PageClient.SignedIn(router, "owner", site.Id);
        using var other = await PageClient.SignedIn(router, "owner", site.Id);
        await using var holder = await HoldAuditLog(router);
        var asked = Many(one.Http, $"/sites/{site.Id}/changes", 4).Concat(Many(other.Http, $"/sites/{site.Id}/changes", 4)).ToList();
        await router.WaitBehind(holder, 6);
        using var answer = await router.Admin.GetAsync("/api/sites", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(6, await Waiting(router));

        await holder.ExecuteAsync("rollback");
        foreach (var request in asked)
            Assert.Equal(HttpStatusCode.OK, (await request).StatusCode);
    }

    [Fact]
    public async Task Erasures_AtTheSameTime_AllEnd()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "4"));
        var site = await router.CreateSite();
        var all = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.NewGuid():N}")));
        Assert.All(all, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Fact]
    public async Task Tokens_OfAnAccount_AreFiftyAtMost()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var before = await router.Query<int>("select count(*)::int from api_tokens where revoked_at is null");
        var made = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => router.Admin.PostAsJsonAsync("/api/tokens", new { name = $"token {i}" })));
        Assert.Equal(50 - before, made.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        var refused = made.First(answer => answer.StatusCode == HttpStatusCode.Conflict);
        Assert.Contains(
            "An account can have 50 tokens at most: revoke one that is no longer used.",
            await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        var last = await router.Query<Guid>("select id from api_tokens where revoked_at is null order by created_at desc limit 1");
        (await router.Admin.DeleteAsync($"/api/tokens/{last}")).EnsureSuccessStatusCode();
        using var again = await router.Admin.PostAsJsonAsync("/api/tokens", new { name = "again" });
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
    }

    /// <summary>A connection that has the audit log to itself, until it says <c>rollback</c>.</summary>
    private static async Task<NpgsqlConnection> HoldAuditLog(RouterFixture router)
    {
        var holder = await router.OpenDatabase();
        await holder.ExecuteAsync("begin; lock table audit_log in access exclusive mode");
        return holder;
    }

    private static List<Task<HttpResponseMessage>> Many(HttpClient http, string path, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => http.GetAsync(path, TestContext.Current.CancellationToken))];

    private static Task<int> Waiting(RouterFixture router) => router.Query<int>(
        """
        select count(*)::int from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%audit_log%'
        """);

    private static async Task<List<HttpClient>> Tokens(RouterFixture router, PageClient page, int count)
    {
        var clients = new List<HttpClient>();
        for (var i = 0; i < count; i++)
        {
            var token = await page.MakeToken();
            clients.Add(new HttpClient
            {
                BaseAddress = router.Api.Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            });
        }

        return clients;
    }

    /// <summary>It says how long it is, sends a little, and then nothing.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowBody() => Headers.ContentType = new MediaTypeHeaderValue("application/json");

        public Task Begun => _begun.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("{"u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            _begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 1000;
            return true;
        }
    }
}
