using System.Text.Json.Serialization;
using Dapper;
using Npgsql;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Deliveries;

/// <summary>What a change of a mapping would make of an event of the past.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PreviewedEffect>))]
public enum PreviewedEffect
{
    /// <summary>The same request, or none as before.</summary>
    [JsonStringEnumMemberName("same")]
    Same,

    /// <summary>Another request.</summary>
    [JsonStringEnumMemberName("different")]
    Different,

    /// <summary>No request any more.</summary>
    [JsonStringEnumMemberName("no_longer_sent")]
    NoLongerSent,

    /// <summary>A request where there was none.</summary>
    [JsonStringEnumMemberName("newly_sent")]
    NewlySent,

    /// <summary>The mapping can't be applied to it.</summary>
    [JsonStringEnumMemberName("fails")]
    Fails,
}

/// <summary>An event of the past under a mapping that isn't in force yet.</summary>
/// <param name="SiteName">The site.</param>
/// <param name="Action">What the event tells.</param>
/// <param name="AcceptedAt">When it came.</param>
/// <param name="Effect">What would be different.</param>
/// <param name="Problem">Why the mapping can't be applied.</param>
public sealed record PreviewedRequest(
    string SiteName, LeadAction Action, DateTimeOffset AcceptedAt, PreviewedEffect Effect, string? Problem = null);

/// <summary>Answers of the past of one status, whose meaning would change.</summary>
/// <param name="Status">Their status.</param>
/// <param name="Before">What they meant.</param>
/// <param name="After">What they would mean.</param>
/// <param name="Reason">What people would read.</param>
/// <param name="Count">How many there were.</param>
public sealed record PreviewedAnswer(int Status, AnswerMeaning Before, AnswerMeaning After, string? Reason, int Count);

/// <summary>What a change would do.</summary>
/// <param name="Requests">The latest events, newest first.</param>
/// <param name="Answers">Of the latest answers, those that would mean something else.</param>
/// <param name="AnswersRead">How many answers were looked at.</param>
public sealed record PreviewedChange(
    IReadOnlyList<PreviewedRequest> Requests, IReadOnlyList<PreviewedAnswer> Answers, int AnswersRead);

/// <summary>
/// Tries mappings and rules about answers on what came lately, at all destinations that would follow them, before they are in force. Shows
/// nothing of the leads themselves. Begins with <see cref="ChangePreviews"/>.
/// </summary>
public sealed class ChangePreview(NpgsqlDataSource database, DestinationDirectory directory, TimeProvider time, SemaphoreSlim place)
    : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The most destinations that are looked at, the latest ones.</summary>
    public const int MostDestinations = 20;

    /// <summary>The most events, and the most answers, of each of them.</summary>
    public const int MostOfEach = 10;

    /// <summary>Of all destinations of an integration.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="mapping">The mapping to be; null for our own format.</param>
    /// <param name="rules">The rules to be; null for none.</param>
    /// <param name="sites">Only at these sites; null for all.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    public Task<PreviewedChange> OfIntegration(
        Guid integrationId, RequestMapping? mapping, IReadOnlyList<AnswerRule>? rules, Guid[]? sites,
        CancellationToken cancellationToken) =>
        Of("x.integration_id = @id", integrationId, mapping, rules, sites, cancellationToken);

    /// <summary>Of one destination.</summary>
    /// <inheritdoc cref="OfIntegration"/>
    public Task<PreviewedChange> OfDestination(
        Guid destinationId, RequestMapping? mapping, IReadOnlyList<AnswerRule>? rules, CancellationToken cancellationToken) =>
        Of("x.id = @id", destinationId, mapping, rules, sites: null, cancellationToken);

    /// <summary>The next one may begin.</summary>
    public void Dispose() => place.Release();

    private async Task<PreviewedChange> Of(
        string which, Guid id, RequestMapping? mapping, IReadOnlyList<AnswerRule>? rules, Guid[]? sites,
        CancellationToken cancellationToken)
    {
        var destinations = await Destinations(which, id, sites, cancellationToken);
        var compiled = mapping is { IsEmpty: false } ? CompiledMapping.Of(mapping) : null;
        // What an answer says may repeat the lead.
        var read = rules is { Count: > 0 }
            ? AnswerRules.Read(AnswerRules.ToJson([.. rules.Select(rule => rule with { ReasonField = null })])) : null;
        var requests = new List<PreviewedRequest>();
        var answers = new List<(int Status, AnswerMeaning Before, AnswerMeaning After, string? Reason)>();
        var began = time.GetTimestamp();
        foreach (var (destinationId, siteId, site, domain, template) in destinations)
        {
            // A format that takes long is seen on a few.
            if (time.GetElapsedTime(began) > Patience)
                break;

            if (await directory.Read(destinationId, orInactive: true, cancellationToken) is not { } before)
                continue;

            var after = before with { Mapping = compiled, AnswerRules = read };
            var (leads, latest) = await Latest(siteId, destinationId, cancellationToken);
            foreach (var lead in leads)
            {
                if (time.GetElapsedTime(began) > Patience)
                    break;

                requests.Add(await Compare(
                    site, lead, OutgoingBody.Compose(lead, domain, template), before, after, cancellationToken));
            }

            answers.AddRange(latest.Select(answer =>
            {
                var now = after.Understood(answer);
                return (answer.Status!.Value, Outcome.Of(before.Understood(answer)).Meaning(), Outcome.Of(now).Meaning(), now.Reason);
            }));
        }

        return new PreviewedChange(
            [.. requests.OrderByDescending(request => request.AcceptedAt)],
            [.. answers.Where(answer => answer.Before != answer.After).GroupBy(answer => answer)
                .Select(group =>
                    new PreviewedAnswer(group.Key.Status, group.Key.Before, group.Key.After, group.Key.Reason, group.Count()))],
            answers.Count);
    }

    private async Task<List<(Guid Id, Guid SiteId, string Site, string Domain, string? LoginUrlTemplate)>> Destinations(
        string which, Guid id, Guid[]? sites, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid Id, Guid SiteId, string Site, string Domain, string? LoginUrlTemplate)>(
            new CommandDefinition(
                $"""
                select x.id, x.site_id, s.name, s.domain, s.login_url_template from destinations x join sites s on s.id = x.site_id
                where {which} and x.deleted_at is null and (@sites::uuid[] is null or x.site_id = any (@sites))
                order by x.created_at desc limit @MostDestinations
                """, new { id, sites, MostDestinations }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>On a connection that nobody holds while formats are tried.</summary>
    private async Task<(List<LeadEvent> Leads, List<Answer> Answers)> Latest(
        Guid siteId, Guid destinationId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (
            await LatestEvents.Of(connection, siteId, action: null, MostOfEach, cancellationToken),
            [.. await Answers(connection, destinationId, cancellationToken)]);
    }

    private static async Task<PreviewedRequest> Compare(
        string site, LeadEvent lead, OutgoingBody body, Destination before, Destination after, CancellationToken cancellationToken)
    {
        var (was, willBe) = (before.Wants(lead.Action), after.Wants(lead.Action));
        if (!willBe)
            return Row(was ? PreviewedEffect.NoLongerSent : PreviewedEffect.Same);

        var content = await after.ContentOf(lead.Action, body, cancellationToken);
        if (content.Problem is { } problem)
            return Row(PreviewedEffect.Fails) with { Problem = problem };
        if (!was)
            return Row(PreviewedEffect.NewlySent);

        var present = await before.ContentOf(lead.Action, body, cancellationToken);
        return Row(content.Bytes.AsSpan().SequenceEqual(present.Bytes) ? PreviewedEffect.Same : PreviewedEffect.Different);

        PreviewedRequest Row(PreviewedEffect effect) => new(site, lead.Action, lead.AcceptedAt, effect);
    }

    private static async Task<IEnumerable<Answer>> Answers(
        NpgsqlConnection connection, Guid destinationId, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(int Status, byte[]? Body)>(new CommandDefinition(
            """
            select status::int, response_body from deliveries
            where destination_id = @destinationId and status is not null and not is_test
            order by accepted_at desc, event_id desc limit @MostOfEach
            """, new { destinationId, MostOfEach }, cancellationToken: cancellationToken)))
            .Select(row => new Answer { Status = row.Status, Body = row.Body ?? [] });
}
