using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;

namespace Router.Testing;

/// <summary>A destination of a test's site, at a path of its own of the receiver.</summary>
public sealed record TestDestination(Guid Id, string Path, string Secret, string PartnerId);

/// <summary>A site with a product that may send for it: what one test needs, apart from all others.</summary>
public sealed class TestSite
{
    private readonly RouterFixture _router;
    private readonly AuthenticationHeaderValue _credentials;

    private TestSite(RouterFixture router, Guid id, AuthenticationHeaderValue credentials, TestDestination leadManager) =>
        (_router, Id, _credentials, LeadManager) = (router, id, credentials, leadManager);

    public Guid Id { get; }

    public AuthenticationHeaderValue Credentials => _credentials;

    public TestDestination LeadManager { get; }

    /// <param name="router">The router.</param>
    /// <param name="asLeadManager">Whether its product is the Lead Manager's own.</param>
    /// <param name="admin">An operator at another API than the router's first.</param>
    public static async Task<TestSite> Create(RouterFixture router, bool asLeadManager = false, HttpClient? admin = null)
    {
        admin ??= router.Admin;
        var id = Guid.NewGuid();
        var path = $"/lead-manager-{id:N}";
        await Expect(HttpStatusCode.Created, admin.PostAsJsonAsync("/api/sites", new
        {
            id, name = "A site", domain = "www.site.test", login_url_template = "https://www.site.test/login/{lead_id}",
            lead_manager = new { url = new Uri(router.Receiver.Url, path), secret = "lead manager's secret", partner_id = "lm" },
        }));
        var product = await Expect(HttpStatusCode.Created, admin.PostAsJsonAsync(
            "/api/products", new { username = $"web-{id:N}", display_name = "Test Website", is_lead_manager = asLeadManager }));
        var (username, password) = (product.GetProperty("username").GetString(), product.GetProperty("password").GetString());
        (await admin.PutAsync($"/api/products/{username}/sites/{id}", content: null)).EnsureSuccessStatusCode();
        var destinations = await admin.GetFromJsonAsync<JsonElement>($"/api/sites/{id}/destinations");
        var leadManager = destinations.GetProperty("items")[0].GetProperty("id").GetGuid();
        return new TestSite(
            router, id,
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))),
            new TestDestination(leadManager, path, "lead manager's secret", "lm"));
    }

    public async Task<TestDestination> AddDestination(
        string name, bool active = true, string? url = null, string signature = "lead_router", string? secret = null)
    {
        var path = $"/{name}-{Id:N}";
        secret ??= $"secret of {name}";
        var partnerId = $"partner {name}";
        var created = await Expect(HttpStatusCode.Created, _router.Admin.PostAsJsonAsync($"/api/sites/{Id}/destinations", new
        {
            name, url = url ?? new Uri(_router.Receiver.Url, path).AbsoluteUri, secret, partner_id = partnerId, active, signature,
        }));
        return new TestDestination(created.GetProperty("id").GetGuid(), path, secret, partnerId);
    }

    public Task<JsonElement> Patch(TestDestination destination, object change) =>
        Expect(HttpStatusCode.OK, _router.Admin.PatchAsJsonAsync($"/api/sites/{Id}/destinations/{destination.Id}", change));

    public Task<HttpResponseMessage> Post(
        string json, string path = "/leads", HttpClient? http = null, Action<HttpRequestMessage>? change = null) =>
        Send(HttpMethod.Post, path, json, http, change);

    /// <summary>Any request with this site's credentials.</summary>
    public Task<HttpResponseMessage> Send(
        HttpMethod method, string path, string? json = null, HttpClient? http = null, Action<HttpRequestMessage>? change = null,
        string prefix = "/rest", TestHost? api = null)
    {
        var url = (api ?? _router.Api).Url.AbsoluteUri.TrimEnd('/');
        var request = new HttpRequestMessage(method, new Uri($"{url}{prefix}/sites/{Id}{path}"))
        {
            Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = _credentials;
        change?.Invoke(request);
        return (http ?? _router.Admin).SendAsync(request);
    }

    /// <summary>Posts a lead that must be accepted; its id.</summary>
    public async Task<string> PostLead(string? note = null)
    {
        var lead = Guid.NewGuid().ToString("N");
        using var response = await UntilTaken(
            () => Post(JsonSerializer.Serialize(new { id = lead, source = "test", email = "jack@mail.test", notes = note ?? "" })));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return lead;
    }

    /// <summary>Sends a lead that must be refused for its contents; as it is listed then.</summary>
    public async Task<(Guid Id, JsonElement Row)> Refused(string json)
    {
        var before = (await RefusedLeads()).Count;
        using var refused = await Post(json);
        Assert.InRange((int)refused.StatusCode, 400, 422);
        var rows = await Eventually.Get(RefusedLeads, rows => rows.Count > before, "what was refused is listed");
        return (rows[0].GetProperty("id").GetGuid(), rows[0]);
    }

    /// <summary>What of this site was refused for its contents, newest first.</summary>
    public async Task<List<JsonElement>> RefusedLeads() =>
        [.. (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{Id}/refused-leads")).GetProperty("items").EnumerateArray()];

    /// <summary>An update of a lead that must be accepted.</summary>
    public async Task UpdateLead(string lead, string note, TestHost? api = null)
    {
        using var response = await UntilTaken(
            () => Send(HttpMethod.Patch, $"/leads/{lead}", JsonSerializer.Serialize(new { notes = note }), api: api));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>As senders do: a 503, which a busy machine answers now and then, is tried again.</summary>
    public static async Task<HttpResponseMessage> UntilTaken(Func<Task<HttpResponseMessage>> send)
    {
        for (var tries = 0; ; tries++)
        {
            var response = await send();
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || tries == 20)
                return response;

            response.Dispose();
            await Task.Delay(250);
        }
    }

    /// <summary>A lead that must be accepted; its sender tries again as long as he hears 503.</summary>
    public async Task PostNumbered(int number)
    {
        using var accepted = await UntilTaken(() => Post($$"""{"source":"s","email":"a@b.c","number":{{number}}}"""));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
    }

    /// <summary>Of a lead of <see cref="PostNumbered"/>; −1 of another.</summary>
    public static int Number(Received request) => request.Json.TryGetProperty("number", out var number) ? number.GetInt32() : -1;

    /// <summary>Deliveries of a destination in a state.</summary>
    public async Task<int> Count(string state, TestDestination destination, string action) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>(
            $"/api/sites/{Id}/deliveries?state={state}&destination={destination.Id}&limit=500"))
        .GetProperty("items").EnumerateArray().Count(item => item.GetProperty("action").GetString() == action);

    public Task<JsonElement> Deliveries() => _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{Id}/deliveries?limit=500");

    /// <summary>The site's newest delivery of that action to the destination, once it is in the state.</summary>
    public async Task<JsonElement> Delivery(TestDestination destination, string state, int seconds = 60, string action = "created")
    {
        var row = await Eventually.Get(
            async () => (await Deliveries()).GetProperty("items").EnumerateArray().FirstOrDefault(item =>
                item.GetProperty("destination_id").GetGuid() == destination.Id && item.GetProperty("action").GetString() == action),
            item => item.ValueKind is JsonValueKind.Object && item.GetProperty("state").GetString() == state,
            $"the delivery is {state}", seconds);
        return await _router.Admin.GetFromJsonAsync<JsonElement>(
            $"/api/sites/{Id}/deliveries/{row.GetProperty("event_id")}/{destination.Id}");
    }

    /// <summary>The same, as the site's owner sees it: what a receiver answered may repeat the lead, so it is for nobody else.</summary>
    public async Task<JsonElement> DeliveryAsOwner(TestDestination destination, string state)
    {
        var delivery = await Delivery(destination, state);
        using var owner = await PageClient.SignedIn(_router, "owner", Id);
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await owner.MakeToken());
        return await http.GetFromJsonAsync<JsonElement>($"/api/sites/{Id}/deliveries/{delivery.GetProperty("event_id")}/{destination.Id}");
    }

    /// <summary>So many attempts before the one of its only lead's delivery, as if that had been replayed again and again.</summary>
    /// <param name="destination">Where it was delivered.</param>
    /// <param name="count">How many.</param>
    /// <param name="answer">How long each answer is.</param>
    public async Task AddAttempts(TestDestination destination, int count, int answer = 10)
    {
        await Delivery(destination, "delivered");
        await _router.Query<int>(
            """
            with delivery as (
                update deliveries d set attempts = attempts + @count, attempt = attempt + @count from lead_events e
                where d.destination_id = @Id and e.id = d.event_id and e.action = 'created' returning d.*
            )
            insert into delivery_attempts (
                event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, response_body)
            select event_id, destination_id, site_id, number, accepted_at + number * interval '1 millisecond', 1000, 'delivered', 200,
                   convert_to(rpad('answer ' || number || ' ', @answer, 'x'), 'utf8')
            from delivery cross join generate_series(1, @count) number
            returning 1
            """, new { destination.Id, count, answer });
    }

    /// <summary>
    /// The verification query: every planned delivery is in a state that says what became of it, every attempt belongs to a
    /// delivery, and the count of events is what was accepted.
    /// </summary>
    public async Task AssertAccountedFor(int events)
    {
        await using var database = await _router.OpenDatabase();
        // What has arrived is recorded a moment later.
        await Eventually.True(
            async () => await database.ExecuteScalarAsync<int>(
                """
                select count(*)::int from lead_events e cross join unnest(e.destinations) x (id)
                where e.site_id = @Id and not exists (select from deliveries d where d.event_id = e.id and d.destination_id = x.id)
                """, new { Id }) == 0,
            "each planned delivery has an outcome");
        var (accepted, orphans) = await database.QuerySingleAsync<(int, int)>(
            """
            select (select count(*) from lead_events where site_id = @Id and action not like 'integration_%')::int,
                   (select count(*) from lead_events e where e.site_id = @Id and e.action not like 'integration_%' and not exists (
                       select from deliveries d join destinations x on x.id = d.destination_id
                       where d.event_id = e.id and x.kind = 'lead_manager'))::int
            """, new { Id });
        Assert.Equal((events, 0), (accepted, orphans));
        Assert.Empty(await database.QueryAsync("""
            select * from statement
            where site_id = @Id and (missing <> 0 or received <> delivered + rejected + retrying + held + dead + canceled + skipped)
            """, new { Id }));
    }

    private static async Task<JsonElement> Expect(HttpStatusCode status, Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode}: {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }
}
