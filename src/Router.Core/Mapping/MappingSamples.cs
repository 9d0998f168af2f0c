using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>Applies a mapping to the events that show what a receiver gets.</summary>
public static class MappingSamples
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Guid Lead = Guid.Parse("00000000-0000-7000-8000-000000000001");

    private const string Domain = "www.example.com";

    /// <summary>What is wrong with what it makes of a sample, as a sentence; null when nothing is.</summary>
    public static string? Problem(RequestMapping mapping)
    {
        var compiled = CompiledMapping.Of(mapping);
        var work = new MappingWork();
        foreach (var (action, body) in Bodies(partnerId: "p-1"))
        {
            try
            {
                if (compiled.Maps(action))
                    compiled.Apply(action, body, work);
            }
            catch (MappingException failed)
            {
                return $"The format of {action.Text()} can't be applied to a test lead. {failed.Message}";
            }
        }

        return null;
    }

    /// <summary>The samples, one for each action: always the same.</summary>
    public static IEnumerable<LeadEvent> Events => SampleEvents.All(Lead, Domain, At).Select(sample => new LeadEvent
    {
        EventId = Lead, SiteId = Lead, Action = sample.Action, LeadId = sample.Subject.Length == 0 ? Lead.ToString("D") : sample.Subject,
        AcceptedAt = At, Product = "", SourceSystem = TestLead.SourceSystem, Lead = sample.Body, Test = LeadTest.Once,
    });

    /// <summary>The samples in our own format, by action.</summary>
    public static IEnumerable<(LeadAction Action, byte[] Body)> Bodies(string partnerId) =>
        Events.Select(sample => (sample.Action, OutgoingBody.Compose(sample, Domain, loginUrlTemplate: null).For(partnerId)));
}
