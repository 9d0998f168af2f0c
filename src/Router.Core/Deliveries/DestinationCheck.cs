using Dapper;
using Npgsql;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A part of a check: one test lead and what came of it.</summary>
/// <param name="EventId">Its message id.</param>
/// <param name="Test">What it tests.</param>
/// <param name="State">What has become of it.</param>
/// <param name="Attempts">The requests made so far.</param>
public sealed record CheckStep(Guid EventId, LeadTest Test, DeliveryState State, IReadOnlyList<AttemptRow> Attempts)
{
    /// <summary>Whether nothing more will be sent.</summary>
    public bool IsFinished => State.IsFinished();
}

/// <summary>A test of a destination, or its go-live check.</summary>
/// <param name="Id">Its id, and the id of its test lead.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="Steps">Its parts; one for a test, two for a go-live check.</param>
public sealed record CheckReport(Guid Id, DateTimeOffset StartedAt, IReadOnlyList<CheckStep> Steps)
{
    /// <summary>Whether it also tries a wrong signature and a repetition.</summary>
    public bool IsGoLive => Steps.Any(step => step.Test == LeadTest.Twice);

    /// <summary>Whether nothing more will be sent.</summary>
    public bool IsFinished => Steps.All(step => step.IsFinished);

    /// <summary>Whether the receiver did in each part what it should.</summary>
    public bool Passed => IsFinished && Steps.All(step => step.Test switch
    {
        LeadTest.WrongSignature => step.Attempts.Count > 0 && Advice.IsRefusal(step.Attempts[^1].Status),
        LeadTest.Twice => step.Attempts.Count >= 2 && step.Attempts.All(attempt => attempt.Result == "delivered"),
        LeadTest.Once => step.State == DeliveryState.Delivered,
    });
}

/// <summary>A check that was asked for.</summary>
/// <param name="Id">Its id; null where it isn't begun.</param>
/// <param name="Refusal">Why not, for people.</param>
public sealed record StartedCheck(Guid? Id, string? Refusal);

/// <summary>
/// Sends test leads to one destination the way that leads go: from the ledger through <c>lead-retries</c> and a worker. They may go to an
/// inactive destination, are never retried, and count nowhere.
/// </summary>
public sealed class DestinationCheck(NpgsqlDataSource database, SiteUse use)
{
    /// <summary>Test leads that a destination gets within a minute at most: the button must not become a weapon.</summary>
    public const int MostInAMinute = 20;

    /// <summary>Starts a test or, <paramref name="goLive"/>, the whole check, unless there were too many just now.</summary>
    public async Task<StartedCheck> Start(Guid siteId, Guid destinationId, bool goLive, CancellationToken cancellationToken)
    {
        const string sql = """
            with events as (
                insert into lead_events (
                    id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, body, test, destinations)
                select e.id, @siteId, 'created', @lead, @lead::text, '', @SourceSystem, @now, @body, e.test, array[@destinationId]
                from unnest(@ids, @tests) as e (id, test)
                where (select count(*) from deliveries
                       where destination_id = @destinationId and is_test and accepted_at > @now - interval '1 minute') < @MostInAMinute
                returning id
            )
            insert into deliveries (event_id, destination_id, site_id, state, next_attempt_at, accepted_at, is_test)
            select id, @destinationId, @siteId, 'retrying', now(), @now, true from events
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // The clock that dates changed settings, too: what the check proves is decided between the two.
        var (domain, now, isMapped) = await connection.QuerySingleAsync<(string, DateTimeOffset, bool)>(
            new CommandDefinition(
                """
                select s.domain, now(), coalesce(i.mapping, d.mapping) is not null
                from sites s join destinations d on d.id = @destinationId left join integrations i on i.id = d.integration_id
                where s.id = @siteId
                """, new { siteId, destinationId }, cancellationToken: cancellationToken));
        // A system whose own format this is doesn't know our signature.
        LeadTest[] tests = !goLive ? [LeadTest.Once] : isMapped ? [LeadTest.Twice] : [LeadTest.Twice, LeadTest.WrongSignature];
        var lead = Guid.CreateVersion7(now);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One after the other for a site, or many at once would each see room.
        await connection.ExecuteAsync(new CommandDefinition(
            "select from sites where id = @siteId for no key update", new { siteId }, cancellationToken: cancellationToken));
        var wanted = new Dictionary<string, long>(StringComparer.Ordinal) { [SiteLimitNames.TestsPerMinute] = tests.Length };
        if (await use.Refusal(connection, siteId, wanted, cancellationToken) is { } refusal)
            return new StartedCheck(null, refusal);

        var written = await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                siteId, destinationId, lead, now, tests = tests.Select(LeadTests.Text).ToArray(), TestLead.SourceSystem, MostInAMinute,
                ids = tests.Select(_ => Guid.CreateVersion7(now)).ToArray(), body = TestLead.Body(lead, domain, now).Utf8.ToArray(),
            },
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return written == 0 ? new StartedCheck(null, "Too many tests were sent within a minute. Wait a moment, then try again.")
            : new StartedCheck(lead, null);
    }

    /// <summary>
    /// How far it is; null when there is no such check of that destination. A passed go-live check proves the destination, unless its
    /// settings were changed since. Whoever sees first that it passed writes it down, the worker or a reader, so that nobody reads of a
    /// pass which isn't in force yet, and none is lost with a worker that died at that moment.
    /// </summary>
    public async ValueTask<CheckReport?> Read(Guid siteId, Guid destinationId, Guid check, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var report = (await Find(connection, siteId, destinationId, [check], cancellationToken)).SingleOrDefault();
        if (report is { IsGoLive: true, Passed: true })
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                update destinations set proven_at = now()
                where id = @destinationId and proven_at is null and settings_changed_at <= @StartedAt
                """,
                new { destinationId, report.StartedAt }, cancellationToken: cancellationToken));
        }

        return report;
    }

    /// <summary>The latest ones of a destination, newest first, for as long as its deliveries are kept.</summary>
    public async Task<List<CheckReport>> Latest(Guid siteId, Guid destinationId, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var checks = (await connection.QueryAsync<Guid>(new CommandDefinition(
            """
            select e.lead_id from (
                select event_id, accepted_at from deliveries
                where destination_id = @destinationId and site_id = @siteId and is_test order by accepted_at desc limit 2 * @limit) d
            join lead_events e on e.id = d.event_id
            where e.lead_id is not null
            group by e.lead_id order by max(d.accepted_at) desc limit @limit
            """, new { siteId, destinationId, limit }, cancellationToken: cancellationToken))).AsList();
        return checks.Count == 0 ? [] : await Find(connection, siteId, destinationId, [.. checks], cancellationToken);
    }

    private static async Task<List<CheckReport>> Find(
        NpgsqlConnection connection, Guid siteId, Guid destinationId, Guid[] checks, CancellationToken cancellationToken)
    {
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition(
            $"""
            select e.lead_id as check, e.id as event_id, e.test, d.state, e.accepted_at
            from lead_events e
            join deliveries d on d.destination_id = @destinationId and d.accepted_at = e.accepted_at and d.event_id = e.id
            where e.site_id = @siteId and e.lead_id = any (@checks) and e.test is not null
            order by e.accepted_at desc, e.lead_id, e.test;

            select e.id as event_id, a.attempt, a.started_at, a.duration_us, a.result, a.status::int, a.error,
                   a.response_body, a.response_headers, a.requests, a.reason
            from lead_events e cross join lateral ({AttemptHistory.Of("@destinationId")}) a
            where e.site_id = @siteId and e.lead_id = any (@checks) and e.test is not null
            order by a.attempt, a.started_at
            """, new { siteId, destinationId, checks }, cancellationToken: cancellationToken));
        var steps = (await results.ReadAsync<TestOfCheck>()).AsList();
        var attempts = (await results.ReadAsync<AttemptOfEvent>()).ToLookup(row => row.EventId, row => row.ToRow());
        return [.. steps.GroupBy(step => step.Check).Select(check => new CheckReport(
            check.Key, check.First().AcceptedAt,
            [.. check.Select(step => new CheckStep(
                step.EventId, LeadTests.Parse(step.Test), DeliveryStates.Parse(step.State), [.. attempts[step.EventId]]))]))];
    }

    private sealed record TestOfCheck(Guid Check, Guid EventId, string Test, string State, DateTimeOffset AcceptedAt);

    private sealed record AttemptOfEvent(
        Guid EventId, int Attempt, DateTimeOffset StartedAt, int DurationUs, string Result, int? Status, string? Error,
        byte[]? ResponseBody,
        string? ResponseHeaders, short? Requests, string? Reason)
    {
        public AttemptRow ToRow() =>
            new(
            Attempt, StartedAt, DurationUs, Result, Status, Error, ResponseBody, ResponseBody?.Length ?? 0, ResponseHeaders, Requests,
            Reason);
    }
}
