using System.Text.RegularExpressions;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The states in docs/architecture.md are those that deliveries go through: each arrow is taken here, and no other.</summary>
public sealed class StateDiagramTests(TestServers servers)
{
    /// <summary>
    /// A late proof that the receiver has it wins over whatever the row says by then; the page says so below its drawings.
    /// </summary>
    private static readonly (string?, string)[] LateProofs = [
        ("held", "delivered"), ("dead", "delivered"), ("rejected", "delivered"), ("canceled", "delivered")];

    [Fact]
    public async Task Deliveries_OnTheirWays_TakeEachArrowAndNoOther()
    {
        await using var router = await Start(("Delivery:RetrySchedule", "00:00:00.2"), ("Delivery:Patience", "00:00:10"));
        var site = await router.CreateSite();
        await Attempts(router, site);
        await Cancellations(router, site);
        await Erasure(router, site);
        await Expiry(router, site);
        await using var hasty = await Start(("Delivery:RetrySchedule", ""));
        await WithoutRetries(hasty);

        var drawn = Drawn();
        var taken = (await Moves(router)).Union(await Moves(hasty)).ToList();
        Assert.Empty(taken.Except(drawn).Except(LateProofs));
        Assert.Empty(drawn.Except(taken));
    }

    private static async Task Attempts(RouterFixture router, TestSite site)
    {
        var refuses = await Destination(router, site, "refuses", 406);
        var recovers = await Destination(router, site, "recovers", 500, 200);
        var gives = await Destination(router, site, "gives up", 500, 406);
        var fails = await Destination(router, site, "fails", 500);
        var paused = await site.AddDestination("paused");
        await site.Patch(paused, new { paused = true });
        // Until the worker has heard of it.
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return await site.Count("held", paused, "created") > 0;
            },
            "its leads are held");
        await site.Delivery(refuses, "rejected");
        await site.Delivery(recovers, "delivered");
        await site.Delivery(gives, "rejected");
        await site.Delivery(fails, "dead");
        await site.Patch(paused, new { paused = false });
        await site.Delivery(paused, "delivered");

        foreach (var (destination, state) in new[] { (refuses, "rejected"), (fails, "dead"), (site.LeadManager, "delivered") })
        {
            router.Receiver.Answer(destination.Path, 200);
            await Replay(router, site, destination, state);
            await site.Delivery(destination, "delivered");
        }
    }

    private static async Task Cancellations(RouterFixture router, TestSite site)
    {
        var (waits, held) = (await Waiting(router, site, "waits"), await Waiting(router, site, "waits and is paused"));
        await site.PostLead();
        await site.Delivery(waits, "retrying");
        await site.Delivery(held, "retrying");
        await site.Patch(held, new { paused = true });
        await site.Delivery(held, "held");
        foreach (var destination in new[] { waits, held })
        {
            await site.Patch(destination, new { active = false });
            await site.Delivery(destination, "canceled");
        }

        router.Receiver.Answer(waits.Path, 200);
        await site.Patch(waits, new { active = true });
        await Replay(router, site, waits, "canceled");
        await site.Delivery(waits, "delivered");
        await site.Patch(waits, new { active = false });
    }

    private static async Task Erasure(RouterFixture router, TestSite site)
    {
        var answers = new TaskCompletionSource();
        var slow = await site.AddDestination("slow");
        router.Receiver.Answer(slow.Path, (_, _) => answers.Task);
        var lead = await site.PostLead();
        await router.Receiver.Wait(slow.Path, 1);
        (await router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.Parse(lead):D}")).EnsureSuccessStatusCode();
        answers.SetResult();
        // It had arrived before anybody could call it back.
        await Eventually.True(async () =>
            await router.Query<long>("select count(*) from deliveries where destination_id = @Id and state = 'delivered'",
            new { slow.Id }) == 1, "its answer is recorded");
        await site.Patch(slow, new { active = false });
    }

    private static async Task Expiry(RouterFixture router, TestSite site)
    {
        var (waits, held) = (await Waiting(router, site, "waits for ever"), await Waiting(router, site, "is paused for ever"));
        await site.PostLead();
        await site.Delivery(waits, "retrying");
        await site.Delivery(held, "retrying");
        await site.Patch(held, new { paused = true });
        await site.Delivery(held, "held");
        await using var later = new LaterRetention(router, days: 91);
        await later.Tend();
    }

    private static async Task WithoutRetries(RouterFixture router)
    {
        var site = await router.CreateSite();
        var fails = await Destination(router, site, "fails", 500);
        await site.PostLead();
        await site.Delivery(fails, "dead");
    }

    private async Task<RouterFixture> Start(params (string Key, string Value)[] settings)
    {
        var router = await RouterFixture.Start(servers, workers: 1, settings);
        await using var database = await router.OpenDatabase();
        await database.ExecuteAsync("""
            create table moves (before text, after text);
            create function note_move() returns trigger language plpgsql security definer as $$ begin
                if tg_op = 'INSERT' then
                    insert into moves values (null, new.state);
                elsif old.state <> new.state then
                    insert into moves values (old.state, new.state);
                end if;
                return null;
            end $$;
            create trigger note_move after insert or update of state on deliveries for each row execute function note_move()
            """);
        return router;
    }

    private static async Task<TestDestination> Destination(RouterFixture router, TestSite site, string name, params int[] answers)
    {
        var destination = await site.AddDestination(name.Replace(' ', '-'));
        router.Receiver.Answer(destination.Path, answers);
        return destination;
    }

    /// <summary>Its receiver asks for an hour.</summary>
    private static async Task<TestDestination> Waiting(RouterFixture router, TestSite site, string name)
    {
        var destination = await site.AddDestination(name.Replace(' ', '-'));
        router.Receiver.Answer(destination.Path, (context, _) =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (503, "3600");
            return Task.CompletedTask;
        });
        return destination;
    }

    private static async Task Replay(RouterFixture router, TestSite site, TestDestination destination, string state)
    {
        var delivery = await site.Delivery(destination, state);
        (await router.Admin.PostAsync($"/api/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id")}/{destination.Id}/replay",
            content: null)).EnsureSuccessStatusCode();
    }

    private static async Task<List<(string? Before, string After)>> Moves(RouterFixture router)
    {
        await using var database = await router.OpenDatabase();
        return (await database.QueryAsync<(string?, string)>("select distinct before, after from moves")).AsList();
    }

    /// <summary>Where it begins, planned and the start are the same to the table: there was no row.</summary>
    private static List<(string? Before, string After)> Drawn()
    {
        var arrows = Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/architecture.md")),
            @"^ +(?<from>\S+) --> (?<to>\S+) :", RegexOptions.Multiline);
        return [.. arrows.Select(arrow => (Row(arrow.Groups["from"].Value), Row(arrow.Groups["to"].Value)))
            .Where(move => move.Item2 is not null).Select(move => (move.Item1, move.Item2!)).Distinct()];

        static string? Row(string state) => state is "planned" or "[*]" ? null : state;
    }
}
