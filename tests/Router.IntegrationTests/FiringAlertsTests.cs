using System.Net;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// Each alert of deploy/prometheus is seen firing once, in a real Prometheus, because what it is for has happened to a running router; and
/// none before. There is no list of those that can't be brought about on one machine: a new alert gets a cause here.
/// </summary>
public sealed class FiringAlertsTests : IAsyncLifetime
{
    private readonly HashSet<string> _provoked = new(StringComparer.Ordinal);
    private WatchedRouter _watched = null!;
    private TestSite _odd = null!;

    public async ValueTask InitializeAsync() => _watched = await WatchedRouter.Start();

    public ValueTask DisposeAsync() => _watched.DisposeAsync();

    [Fact]
    public async Task Alerts_OfARouterThatAllOfItHappensTo_EachFireForTheirCauseAndNoneBefore()
    {
        var servers = _watched.Servers;
        await NothingFires();
        // It counts as not done after a minute: everything else happens meanwhile.
        var notDone = Fires(WorkFails, "WorkNotDone");

        await Fires(
            LeadsFail, "LeadsAtRisk", "LeadsRefused", "SetAside", "FirstAttemptsSlow", "DeadLetters", "DestinationsPaused", "ProxyRefuses",
            "AddressNotAllowed", "NotReady", "AlertsNotSent");
        await Fires(_watched.StopProxy, "ProxyDown");
        await Fires(Neglect, "LedgerKept", "LedgerEnds");
        await Fires(StartStranger, "WorkerDeaf", "SecretsUnreadable");
        await Fires(servers.RaiseMemoryAlarm, "RabbitMqNeedsAttention");
        await Fires(() => KeepInOutbox(TimeSpan.FromMinutes(3)), "OutboxWaits");
        await Fires(LosePostgres, "PostgresAway", "LeadsNotStored");
        await servers.ThawPostgres();
        await servers.ClearMemoryAlarm();
        await Eventually.True(
            async () => !(await _watched.Prometheus.Firing()).Overlaps(["LeadRouterPostgresAway", "LeadRouterOutboxWaits"]),
            "both servers are back");
        await Fires(LoseApi, "NoApi", "HostDown", "RabbitMqGaveUp");
        await notDone;
        await Fires(LoseWorkers, "NoWorker");

        Assert.Equal(
            AlertRules.All().Select(rule => rule.Name).Order(StringComparer.Ordinal), _provoked.Order(StringComparer.Ordinal));
    }

    /// <summary>Once Prometheus has heard of everything.</summary>
    private async Task NothingFires()
    {
        foreach (var there in new[]
        {
            "count(up == 1) == 3", "lead_router_outbox_age_seconds", "lead_router_leads_at_risk", "lead_router_broker_findings",
            "sum(lead_router_delivery_first_attempt_duration_seconds_count) == 1", """lead_router_leads_refused_total{reason="invalid"}""",
            """lead_router_health_status{check="consuming"} == 2""", """lead_router_health_status{check="set aside"} == 2""",
        })
            await Eventually.True(async () => (await _watched.Prometheus.Query(there)).Count > 0, there);
        await Eventually.Equal("", async () => string.Join(", ", await _watched.Prometheus.Firing()), "nothing fires");
    }

    private async Task Fires(Func<Task> cause, params string[] alerts)
    {
        var names = alerts.Select(alert => $"LeadRouter{alert}").ToHashSet(StringComparer.Ordinal);
        Assert.Empty((await _watched.Prometheus.Firing()).Intersect(names));
        await cause();
        var missing = names.ToHashSet(StringComparer.Ordinal);
        await Eventually.Equal(
            "",
            async () =>
            {
                missing.ExceptWith(await _watched.Prometheus.Firing());
                return string.Join(", ", missing);
            },
            "they fire, but for those", seconds: 120);
        lock (_provoked)
            _provoked.UnionWith(names);
    }

    private async Task WorkFails()
    {
        await using var database = await _watched.Router.OpenDatabase();
        await database.ExecuteAsync("alter table replays rename to replays_away");
    }

    private async Task LeadsFail()
    {
        var (router, well) = (_watched.Router, _watched.Site);
        var down = await router.CreateSite();
        router.Receiver.Answer(down.LeadManager.Path, 500);
        for (var i = 0; i < 3; i++)
            await down.PostLead();

        _odd = await router.CreateSite();
        await _odd.AddDestination("refused", url: $"https://localhost:{router.Receiver.Url.Port}/refused");
        await _odd.AddDestination("inside", url: $"https://127.0.0.2:{router.Receiver.Url.Port}/inside");
        await _odd.PostLead();

        for (var i = 0; i < 20; i++)
            await _watched.Publish(well, TimeSpan.FromMinutes(5));
        for (var i = 0; i < 12; i++)
            (await well.Post("""{"source": 1}""")).Dispose();
        await router.Broker.Publish(router.VirtualHost, "lead-events", "{");
    }

    /// <summary>A day of the ledger that nobody emptied, and no days to come.</summary>
    private async Task Neglect()
    {
        await using var database = await _watched.Router.OpenDatabase();
        await database.ExecuteAsync(
            "select create_ledger_day((now() - interval '40 days')::date); delete from ledger_days where starts_at > now()");
    }

    private Task StartStranger()
    {
        _watched.StartStranger();
        return Task.CompletedTask;
    }

    /// <summary>RabbitMQ takes nothing for some time.</summary>
    private async Task KeepInOutbox(TimeSpan time)
    {
        await _watched.Site.PostLead();
        await using var database = await _watched.Router.OpenDatabase();
        Assert.Equal(1, await database.ExecuteAsync("update lead_outbox set kept_at = kept_at - @time", new { time }));
    }

    private async Task LosePostgres()
    {
        await _watched.Servers.FreezePostgres();
        using var refused = await _watched.Site.Post("""{"source":"test","email":"jack@mail.test"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    /// <summary>And what a policy takes out of its queue meanwhile has nobody who takes it back.</summary>
    private async Task LoseApi()
    {
        var router = _watched.Router;
        await router.Api.Kill();
        await router.Broker.SetPolicy(
            router.VirtualHost, "one", "^lead-dead-letters$",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["max-length"] = 1, ["overflow"] = "drop-head" });
        // Another delivery that is given up.
        await _watched.Publish(_odd, TimeSpan.Zero);
    }

    private Task LoseWorkers() => Task.WhenAll(_watched.Router.Workers.Select(worker => worker.Kill()));
}
