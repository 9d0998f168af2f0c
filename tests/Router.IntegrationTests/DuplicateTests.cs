using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Leads of one person are marked, and conditions may ask for it; no lead is dropped or held up.</summary>
public sealed class DuplicateTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lead_OfSomebodyWhoCameBefore_IsMarkedAndSentAsEveryOther()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        var first = await Post(site, """ "email": "ann@keo.test", "first_name": "Ann", "last_name": "Keo", "phone": "(808) 555-0117" """);
        await Marked(site, first, isDuplicate: false);
        var byEmail = await Post(site, """ "email": " ANN@keo.test" """);
        await Marked(site, byEmail, isDuplicate: true, of: first);
        // Of those that came before the latest.
        var byPhone = await Post(site, """ "email": "a@b.test", "first_name": "ann", "last_name": "KEO", "phone": "+1 808-555-0117 x2" """);
        await Marked(site, byPhone, isDuplicate: true, of: first);
        foreach (var fields in new[]
        {
            """ "email": "bob@keo.test" """, """ "first_name": "Bob", "last_name": "Keo", "phone": "808 555 0117" """,
            """ "phone": "808 555 0117" """, """ "first_name": "Ann", "last_name": "Keo" """,
        })
            await Marked(site, await Post(site, fields), isDuplicate: false);
        await Marked(other, await Post(other, """ "email": "ann@keo.test" """), isDuplicate: false);
        // The same lead once more is no other lead.
        await Answers.AssertOk(201, await site.Post($$"""{"id": "{{first}}", "source": "s", "email": "ann@keo.test"}"""));

        var received = await _router.Receiver.Wait(site.LeadManager.Path, 8);
        Assert.All(received, request => Assert.True(request.IsSignedWith(site.LeadManager.Secret)));
        string[] names = [.. received[1].Json.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["action", "created", "email", "id", "partner_id", "site_domain", "site_login_url", "site_uuid", "source", "source_system"],
            names);
        await Marked(site, first, isDuplicate: false);

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{byPhone}");
        Assert.Contains($"<a href=\"/sites/{site.Id}/leads/{first}\">another lead</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("duplicate", await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{first}"), StringComparison.Ordinal);
        var list = await owner.Http.GetStringAsync($"/sites/{site.Id}/leads");
        Assert.Equal(2, list.Split("<span class=\"tag\">duplicate</span>").Length - 1);
        var csv = await owner.Http.GetStringAsync($"/sites/{site.Id}/leads?handler=Csv");
        Assert.Contains(",duplicate_of,", csv, StringComparison.Ordinal);
        Assert.Equal(2, csv.Split($",{first},").Length - 1);
    }

    [Fact]
    public async Task Destination_ThatWantsNoDuplicates_GetsExactlyOneOfTwoThatComeAtOnce()
    {
        const int Pairs = 30;
        await using var router = await RouterFixture.Start(shared.Servers, workers: 2);
        var site = await router.CreateSite();
        var (picky, doubles) = (await site.AddDestination("picky"), await site.AddDestination("doubles"));
        await site.Patch(picky, new { filter = Filter("false") });
        await site.Patch(doubles, new { filter = Filter("true") });
        await InForce();
        await Task.WhenAll(Enumerable.Range(0, Pairs * 2)
            .Select(i => Post(site, $$""" "email": "p{{i / 2}}@mail.test", "pair": {{i / 2}} """)));

        await router.Receiver.Wait(site.LeadManager.Path, Pairs * 2);
        foreach (var destination in new[] { picky, doubles })
        {
            var received = await router.Receiver.Wait(destination.Path, Pairs);
            Assert.Equal(Enumerable.Range(0, Pairs), received.Select(request => request.Json.GetProperty("pair").GetInt32()).Order());
        }

        await site.AssertAccountedFor(Pairs * 2);
        // What people see is what the conditions went by; and what follows a duplicate goes where it went.
        var duplicate = router.Receiver.At(doubles.Path)[0].Json.GetProperty("id").GetString()!;
        Assert.Equal(
            Pairs, await router.Query<long>("select count(*) from lead_prints where site_id = @Id and is_duplicate", new { site.Id }));
        Assert.True(await router.Query<bool>(
            "select is_duplicate from lead_prints where site_id = @Id and lead_id = @lead", new { site.Id, lead = Guid.Parse(duplicate) }));
        await site.UpdateLead(duplicate, "follows");
        await router.Receiver.Wait(doubles.Path, Pairs + 1);
        Assert.Equal(Pairs, router.Receiver.At(picky.Path).Count);
    }

    [Fact]
    public async Task Duplicate_ThatIsNotKnownInTime_GoesAsIfItWereNone()
    {
        await using var router = await RouterFixture.Start(shared.Servers);
        var (site, plain) = (await router.CreateSite(), await router.CreateSite());
        var picky = await site.AddDestination("picky");
        await site.Patch(picky, new { filter = Filter("false") });
        await InForce();
        foreach (var each in new[] { site, plain })
            await Post(each, """ "email": "ann@mail.test" """);
        await router.Receiver.Wait(picky.Path, 1);
        await Eventually.Equal(2, () => router.Query<long>("select count(*) from leads"), "both are known");

        await using var database = await router.OpenDatabase();
        await using var held = await database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        foreach (var each in new[] { site, plain })
            await database.ExecuteAsync(
                "select pg_advisory_xact_lock(@Marking, @stripe)",
                new { Marking = 0x4455504c, stripe = each.Id.ToByteArray()[^1] & 63 });
        var (late, other) = (await Post(site, """ "email": "ann@mail.test" """), await Post(plain, """ "email": "ann@mail.test" """));
        // The one goes as no duplicate, and the other doesn't ask.
        Assert.Equal(late, (await router.Receiver.Wait(picky.Path, 2))[1].Json.GetProperty("id").GetString());
        await router.Receiver.Wait(plain.LeadManager.Path, 2);
        Assert.Equal(1, await router.Query<long>("select count(*) from lead_prints"));
        await held.RollbackAsync(TestContext.Current.CancellationToken);
        // Who looks sees it.
        foreach (var (each, lead) in new[] { (site, late), (plain, other) })
            await Marked(each, lead, isDuplicate: true, router: router);
    }

    [Fact]
    public async Task Lead_SentAgain_IsNoDuplicateOfItself()
    {
        var site = await _router.CreateSite();
        var picky = await site.AddDestination("picky");
        await site.Patch(picky, new { filter = Filter("false") });
        await InForce();
        // One request with an Idempotency-Key, twice: without an id each makes up one of its own.
        for (var i = 0; i < 2; i++)
            await Answers.AssertOk(201, await site.Post(
                """{"source": "s", "email": "once@mail.test"}""", change: request => request.Headers.Add("Idempotency-Key", "once")));
        var lead = (await _router.Receiver.Wait(picky.Path, 1))[0].Json.GetProperty("id").GetString()!;
        var delivery = await site.Delivery(picky, "delivered");
        await _router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{picky.Id}/replay", content: null);
        await _router.Receiver.Wait(picky.Path, 2);
        var next = await Post(site, """ "email": "next@mail.test" """);
        await _router.Receiver.Wait(picky.Path, 3);
        Assert.Single(
            _router.Receiver.At(site.LeadManager.Path), request => request.Json.GetProperty("email").GetString() == "once@mail.test");
        Assert.Equal(
            0, await _router.Query<long>("select count(*) from lead_prints where site_id = @Id and is_duplicate", new { site.Id }));
        await Marked(site, lead, isDuplicate: false);
        // And one lead in the list.
        await Eventually.Equal(
            2, () => _router.Query<long>("select count(*) from leads where site_id = @Id", new { site.Id }), "both are in the list");
        Assert.Equal(2, await _router.Query<long>("select count(*) from lead_prints where site_id = @Id", new { site.Id }));
        await Marked(site, next, isDuplicate: false);
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public async Task Lead_AfterSoManyDays_IsADuplicateWithinThirty(int days, bool isDuplicate)
    {
        foreach (var asks in new[] { false, true })
        {
            var site = await _router.CreateSite();
            var doubles = await site.AddDestination("doubles");
            if (asks)
            {
                await site.Patch(doubles, new { filter = Filter("true") });
                await InForce();
            }

            var old = await Post(site, """ "email": "ann@mail.test" """);
            await Marked(site, old, isDuplicate: false);
            await _router.Query<object>(
                """
                update lead_prints set accepted_at = accepted_at - @days * interval '1 day' where site_id = @Id;
                update leads set first_at = first_at - @days * interval '1 day' where site_id = @Id
                """, new { site.Id, days });
            await Marked(site, await Post(site, """ "email": "ann@mail.test" """), isDuplicate, of: isDuplicate ? old : null);
        }
    }

    [Fact]
    public async Task Condition_OnDuplicates_KnowsLeadsThatCameBeforeIt()
    {
        var site = await _router.CreateSite();
        var doubles = await site.AddDestination("doubles");
        var first = await Post(
            site, """ "email": "ann@mail.test", "first_name": "Ann", "last_name": "Keo", "phone": "808 555 0117" """);
        await Marked(site, first, isDuplicate: false);
        await site.Patch(doubles, new { filter = Filter("true") });
        await InForce();
        string[] posted =
        [
            await Post(site, """ "email": "ann@mail.test" """),
            await Post(site, """ "first_name": "Ann", "last_name": "Keo", "phone": "808 555 0117" """),
        ];
        var received = await _router.Receiver.Wait(doubles.Path, 3);
        Assert.Equal(posted.Order(), received.Skip(1).Select(request => request.Json.GetProperty("id").GetString()).Order());
        foreach (var lead in posted)
            await Marked(site, lead, isDuplicate: true, of: first);
    }

    [Fact]
    public async Task Lead_ErasedThatAFilterWentBy_LeavesItsDuplicateMarked()
    {
        var site = await _router.CreateSite();
        var doubles = await site.AddDestination("doubles");
        await site.Patch(doubles, new { filter = Filter("true") });
        await InForce();
        var first = await Post(site, """ "email": "ann@mail.test" """);
        await Marked(site, first, isDuplicate: false);
        var second = await Post(site, """ "email": "ann@mail.test" """);
        await Marked(site, second, isDuplicate: true, of: first);
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{first}")).EnsureSuccessStatusCode();
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from lead_prints where @id in (lead_id, duplicate_of)", new { id = Guid.Parse(first) }));
        await Marked(site, second, isDuplicate: true);
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.Contains(
            "which is erased", await owner.Http.GetStringAsync($"/sites/{site.Id}/leads/{second}"), StringComparison.Ordinal);
        (await _router.Admin.PostAsync($"/api/sites/{site.Id}/erasure", content: null)).EnsureSuccessStatusCode();
        Assert.Equal(0, await _router.Query<long>("select count(*) from lead_prints where site_id = @Id", new { site.Id }));
    }

    [Fact]
    public async Task Lead_Erased_TakesAlongByWhatItWasRecognized()
    {
        var site = await _router.CreateSite();
        var (first, second) = (await Post(site, """ "email": "ann@mail.test" """), "");
        await Marked(site, first, isDuplicate: false);
        second = await Post(site, """ "email": "ann@mail.test" """);
        await Marked(site, second, isDuplicate: true, of: first);
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{first}")).EnsureSuccessStatusCode();
        await Marked(site, second, isDuplicate: false);

        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{second}")).EnsureSuccessStatusCode();
        var third = await Post(site, """ "email": "ann@mail.test" """);
        await Marked(site, third, isDuplicate: false);
        (await _router.Admin.PostAsync($"/api/sites/{site.Id}/erasure", content: null)).EnsureSuccessStatusCode();
        await Marked(site, await Post(site, """ "email": "ann@mail.test" """), isDuplicate: false);
    }

    [Theory]
    [InlineData("30.00:00:00", 31, 29)]
    [InlineData("40.00:00:00", 31, 29)]
    [InlineData("3.00:00:00", 4, 2)]
    public async Task Prints_OfOldLeads_AreDropped(string bodiesAfter, int old, int young)
    {
        await using var router = await RouterFixture.Start(
            shared.Servers, workers: 1, ("Retention:Interval", "00:00:00.2"), ("Retention:BodiesAfter", bodiesAfter));
        var site = await router.CreateSite();
        var doubles = await site.AddDestination("doubles");
        await site.Patch(doubles, new { filter = Filter("true") });
        await InForce();
        var leads = new[] { await Post(site, """ "email": "a@mail.test" """), await Post(site, """ "email": "b@mail.test" """) };
        await Eventually.Equal(2, () => router.Query<long>("select count(*) from lead_prints"), "they are written");
        await Eventually.Equal(2, () => router.Query<long>("select count(email_print) from leads"), "so are the leads");
        await router.Query<object>(
            """
            update lead_prints set accepted_at = now() - case lead_id when @oldest then @old else @young end * interval '1 day';
            update leads set first_at = now() - case lead_id when @oldest then @old else @young end * interval '1 day'
            """, new { oldest = Guid.Parse(leads[0]), old, young });
        await Eventually.Equal(
            Guid.Parse(leads[1]).ToString(), () => router.Query<string>("select string_agg(lead_id::text, ', ') from lead_prints"),
            "the young one alone is left");
        // A lead keeps its own as long as its contents.
        await Eventually.Equal(
            TimeSpan.Parse(bodiesAfter, System.Globalization.CultureInfo.InvariantCulture).TotalDays > old ? 2 : 1,
            () => router.Query<long>("select count(email_print) from leads"), "the old one's goes with its contents");
    }

    [Fact]
    public async Task Prints_OfTwoSites_AreKeyedAndDiffer()
    {
        foreach (var site in new[] { await _router.CreateSite(), await _router.CreateSite() })
            await Marked(site, await Post(site, """ "email": "keyed@mail.test" """), isDuplicate: false);
        await using var database = await _router.OpenDatabase();
        var hashed = BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData("keyed@mail.test"u8));
        var prints = (await database.QueryAsync<long>("select email_print from leads where email = 'keyed@mail.test'")).AsList();
        Assert.Equal(2, prints.Distinct().Count());
        Assert.DoesNotContain(hashed, prints);
        // Encrypted, as secrets are.
        Assert.True((await _router.Query<string>("select key from lead_print_key")).Length > 100);
    }

    [Fact]
    public async Task Condition_OnDuplicates_IsTriedOnTheLatestLeadsAndSaved()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("crm");
        await Marked(site, await Post(site, """ "email": "ann@mail.test", "first_name": "Original" """), isDuplicate: false);
        await Marked(site, await Post(site, """ "email": "ann@mail.test", "first_name": "Double" """), isDuplicate: true);
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}";
        var form = await browser.Get($"{path}/filter");
        Assert.Contains("<option value=\"duplicate\">", form.Html, StringComparison.Ordinal);
        (string, string)[] condition = [("match", "all"), ("field", "duplicate"), ("operator", "Is"), ("values", "false")];
        var tried = await browser.Submit(form, "Try it on the latest leads", condition);
        Assert.Matches("Of the last 2 leads 1 would have gone.* Double.* is left out .*Original.* goes", tried.Text);
        var wrong = await browser.Submit(
            form, "Save", ("match", "all"), ("field", "duplicate"), ("operator", "Contains"), ("values", "true"));
        Assert.Equal(422, wrong.Status);
        Assert.Contains("The condition on duplicate compares by is", wrong.Text, StringComparison.Ordinal);
        var saved = await browser.Submit(form, "Save", condition);
        Assert.Contains("It gets leads where duplicate is false.", saved.Text, StringComparison.Ordinal);
        using var refused = await _router.Admin.PatchAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}", new { filter = Filter("perhaps") });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    private static object Filter(string value) =>
        new { all = true, conditions = new[] { new { field = "duplicate", @operator = "is", values = new[] { value } } } };

    /// <summary>Within a second, and a bit for a busy machine.</summary>
    private static Task InForce() => Task.Delay(1500, TestContext.Current.CancellationToken);

    private static async Task<string> Post(TestSite site, string fields)
    {
        var id = Guid.NewGuid().ToString("N");
        await Answers.AssertOk(
            201, await TestSite.UntilTaken(() => site.Post($$"""{"id": "{{id}}", "source": "s", {{fields}}}""")));
        return id;
    }

    /// <summary>Once it is in the index, and so marked or not.</summary>
    private async Task Marked(
        TestSite site, string lead, bool isDuplicate, string? of = null, RouterFixture? router = null)
    {
        var admin = (router ?? _router).Admin;
        var row = await Eventually.Get(
            async () => (await admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/leads?q={lead}")).GetProperty("items"),
            rows => rows.GetArrayLength() == 1, "it is in the index");
        Assert.Equal(isDuplicate, row[0].GetProperty("is_duplicate").GetBoolean());
        if (of is not null)
            Assert.Equal(Guid.Parse(of), row[0].GetProperty("duplicate_of").GetGuid());
        else if (!isDuplicate)
            Assert.Equal(JsonValueKind.Null, row[0].GetProperty("duplicate_of").ValueKind);
    }
}
