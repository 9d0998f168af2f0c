using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
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
    private const int Mebibyte = 1024 * 1024;

    [Fact]
    public async Task Requests_OfAnAccountWithManyTokens_ShareItsPlaces()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "40"));
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

    /// <summary>What is refused is written down before the account has a place: one at a time.</summary>
    [Fact]
    public async Task Refusals_OfOneAccount_TakeOneConnection()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "8"));
        var site = await router.CreateSite();
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        await using var holder = await router.OpenDatabase();
        await holder.ExecuteAsync("begin; lock table access_log in access exclusive mode");

        var refused = Many(owner.Http, $"/sites/{Guid.NewGuid()}/changes", 20);
        await router.WaitBehind(holder, 1);
        using var allowed = await owner.Http.GetAsync($"/sites/{site.Id}/changes", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        Assert.Equal(1, await Waiting(router, "access_log"));

        await holder.ExecuteAsync("rollback");
        foreach (var answer in refused)
            Assert.Equal(HttpStatusCode.NotFound, (await answer).StatusCode);
        Assert.Equal(20, await router.Query<int>("select sum(count)::int from access_log where what = 'refused'"));
    }

    [Fact]
    public async Task Requests_OfEverybody_LeaveConnectionsToLeads()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "8"));
        var (sites, people) = (new List<TestSite>(), new List<PageClient>());
        for (var i = 0; i < 4; i++)
        {
            sites.Add(await router.CreateSite());
            people.Add(await PageClient.SignedIn(router, "owner", sites[i].Id));
        }

        await using var holder = await HoldAuditLog(router);
        var asked = people.Zip(sites).SelectMany(one => Many(one.First.Http, $"/sites/{one.Second.Id}/changes", 4)).ToList();
        await router.WaitBehind(holder, 6);
        await sites[0].PostLead();
        using var users = await sites[0].Send(HttpMethod.Get, "/users");
        Assert.Equal(HttpStatusCode.OK, users.StatusCode);
        Assert.Equal(6, await Waiting(router));

        await holder.ExecuteAsync("rollback");
        foreach (var answer in asked)
            Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        people.ForEach(one => one.Dispose());
    }

    /// <summary>However many accounts a site has, they leave places to the people of other sites.</summary>
    [Fact]
    public async Task Requests_OfOneSite_LeavePlacesToOthers()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "8"));
        var (site, other) = (await router.CreateSite(), await router.CreateSite());
        var people = new List<PageClient>();
        for (var i = 0; i < 3; i++)
            people.Add(await PageClient.SignedIn(router, "owner", site.Id));
        using var neighbour = await PageClient.SignedIn(router, "owner", other.Id);
        await using var holder = await HoldAuditLog(router);

        var asked = people.SelectMany(one => Many(one.Http, $"/sites/{site.Id}/changes", 4)).ToList();
        await router.WaitBehind(holder, 2);
        using var page = await neighbour.Http.GetAsync($"/sites/{other.Id}", TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(2, await Waiting(router));

        await holder.ExecuteAsync("rollback");
        foreach (var answer in asked)
            Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        people.ForEach(one => one.Dispose());
    }

    /// <summary>What an account sends while its places are taken waits with its sender, and in no buffer of ours.</summary>
    [Fact]
    public async Task Requests_ThatWaitForTheirAccount_AreFewAndSmall()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        using var page = await PageClient.SignedIn(router, "owner", site.Id);
        var token = (await Tokens(router, page, 1))[0];
        await using var holder = await HoldAuditLog(router);
        var asked = Many(token, $"/api/sites/{site.Id}/audit", 4);
        await router.WaitBehind(holder, 4);

        using var client = new TcpClient { SendBufferSize = 16 * 1024 };
        await client.ConnectAsync(router.Api.Url.Host, router.Api.Url.Port, TestContext.Current.CancellationToken);
        var head = $"POST /api/sites/{site.Id}/destinations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {Mebibyte}\r\n"
            + $"Authorization: {token.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\n\r\n";
        var written = 0;
        var writing = Write();
        await Eventually.True(
            async () =>
            {
                var before = Volatile.Read(ref written);
                await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
                return before > 0 && before == Volatile.Read(ref written);
            }, "no more of the body is taken");
        Assert.InRange(written, 1, Mebibyte * 3 / 4);

        asked.AddRange(Many(token, $"/api/sites/{site.Id}/audit", 60));
        await Eventually.True(() => asked.Count(one => one.IsCompleted) >= 20, "those that find no place to wait are answered");
        foreach (var refused in asked.Where(one => one.IsCompleted))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, (await refused).StatusCode);
            Assert.NotNull((await refused).Headers.RetryAfter);
        }

        await holder.ExecuteAsync("rollback");
        await writing;
        var answer = await new StreamReader(client.GetStream()).ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 422", answer, StringComparison.Ordinal);
        await Task.WhenAll(asked);
        token.Dispose();

        async Task Write()
        {
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            var body = Encoding.ASCII.GetBytes("{}".PadRight(Mebibyte));
            for (; written < Mebibyte; Interlocked.Add(ref written, 16 * 1024))
                await stream.WriteAsync(body.AsMemory(written, 16 * 1024));
        }
    }

    /// <summary>Whoever sends a body for as long as the server lets them keeps nobody out.</summary>
    [Theory]
    [InlineData("destinations", 1000)]
    [InlineData("refused", 2 * Mebibyte)]
    public async Task Bodies_ThatDoNotCome_TakeNobodysPlaces(string path, int length)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "4"));
        var site = await router.CreateSite();
        using var slow = await PageClient.SignedIn(router, "owner", site.Id);
        using var neighbour = await PageClient.SignedIn(router, "owner", site.Id);
        var token = (await Tokens(router, slow, 1))[0];
        using var stop = new CancellationTokenSource();
        // The page of a refused lead takes more than others.
        var (http, to, kind) = path == "refused"
            ? (slow.Http, $"/sites/{site.Id}/refused/{Guid.NewGuid()}?handler=Accept", "application/x-www-form-urlencoded")
            : (token, $"/api/sites/{site.Id}/{path}", "application/json");
        var bodies = Enumerable.Range(0, 3).Select(_ => new SlowBody(kind, length)).ToList();
        var sent = bodies.ConvertAll(body => http.PostAsync(to, body, stop.Token));
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
        var sites = new[] { (await router.CreateSite()).Id, (await router.CreateSite()).Id, (await router.CreateSite()).Id };
        using var one = await PageClient.SignedIn(router, "owner", sites);
        using var other = await PageClient.SignedIn(router, "owner", sites);
        await using var holder = await HoldAuditLog(router);
        var asked = new[] { one, other }.SelectMany(who => sites.SelectMany(site => Many(who.Http, $"/sites/{site}/changes", 1))).ToList();
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
        var made = new List<HttpResponseMessage>();
        // As many at once as may wait.
        for (var i = 0; i < 60; i += 30)
            made.AddRange(await Task.WhenAll(
                Enumerable.Range(i, 30).Select(i => router.Admin.PostAsJsonAsync("/api/tokens", new { name = $"token {i}" }))));
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

    private static Task<int> Waiting(RouterFixture router, string table = "audit_log") => router.Query<int>(
        """
        select count(*)::int from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%' || @table || '%'
        """, new { table });

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
        private readonly int _length;

        public SlowBody(string kind, int length)
        {
            Headers.ContentType = new MediaTypeHeaderValue(kind);
            _length = length;
        }

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
            length = _length;
            return true;
        }
    }
}
