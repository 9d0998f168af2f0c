using System.Globalization;
using System.Text;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A request as a destination gets it, about a lead that isn't one.</summary>
/// <param name="Action">What it tells.</param>
/// <param name="Url">Where it goes.</param>
/// <param name="Headers">All but what HTTP itself needs.</param>
/// <param name="Body">The bytes that are signed.</param>
public sealed record SampleRequest(LeadAction Action, string Url, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    /// <summary>The body: JSON indented, of a form one field in each line.</summary>
    public string Readable => ReadableBody.Of(Body, SentRequest.MostShown).Text;

    /// <summary>The same request as a command for a POSIX shell: the signature fits the bytes in it.</summary>
    public string Curl => string.Create(CultureInfo.InvariantCulture, $"""
        curl --include --globoff {Quote(Url)} \
        {string.Join(" \\\n", Headers.Select(header => $"  --header {Quote($"{header.Name}: {header.Value}")}"))} \
          --data-binary {Quote(Encoding.UTF8.GetString(Body))}
        """);

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary>
/// Makes a request of each kind for a destination, with its own URL, Partner ID and signature, for whoever programs its receiver.
/// </summary>
public sealed class SampleRequests(
    NpgsqlDataSource database, DestinationDirectory directory, IOptions<DeliveryOptions> options, TimeProvider time)
{
    private sealed record Site(string Domain, string? LoginUrlTemplate);

    /// <summary>
    /// One for each action, in the order in which a receiver meets them; none when the destination's secret can't be used.
    /// </summary>
    public async Task<IReadOnlyList<SampleRequest>> For(Guid siteId, Guid destinationId, CancellationToken cancellationToken)
    {
        if (await directory.Read(destinationId, orInactive: true, cancellationToken) is not { CanBeSentTo: true } real)
            return [];

        var destination = real.WithHiddenHeaders();
        var site = await Of(siteId, cancellationToken);
        var now = time.GetUtcNow();
        var lead = Guid.NewGuid();
        var requests = new List<SampleRequest>();
        foreach (var sample in SampleEvents.All(lead, site.Domain, now).Where(sample => destination.Understands(sample.Action)))
        {
            var id = Guid.CreateVersion7(now);
            var content = await destination.ContentOf(
                sample.Action, OutgoingBody.Compose(Event(sample), site.Domain, site.LoginUrlTemplate), cancellationToken);
            requests.Add(new SampleRequest(
                sample.Action, destination.Url?.OriginalString ?? "",
                [("Content-Type", content.ContentType.ToString()),
                    .. OutgoingHeaders.Of(Event(sample), destination, content.Bytes, number: 1, now, options.Value.UserAgent)],
                content.Bytes));

            LeadEvent Event((LeadAction Action, string Subject, RawJson Body) of) => new()
            {
                EventId = id, SiteId = siteId, Action = of.Action, LeadId = of.Subject.Length == 0 ? id.ToString("D") : of.Subject,
                AcceptedAt = now, Product = "", SourceSystem = TestLead.SourceSystem, Lead = of.Body, Test = LeadTest.Once,
            };
        }

        return requests;
    }

    /// <summary>On a connection that nobody holds while formats are applied.</summary>
    private async Task<Site> Of(Guid siteId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<Site>(new CommandDefinition(
            "select domain, login_url_template from sites where id = @siteId", new { siteId }, cancellationToken: cancellationToken));
    }
}
