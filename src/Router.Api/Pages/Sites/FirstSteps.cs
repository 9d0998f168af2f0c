using Dapper;
using Npgsql;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>A step from a new destination to its first lead.</summary>
/// <param name="Done">What is done, once it is.</param>
/// <param name="ToDo">What to do, until then.</param>
/// <param name="IsDone">Whether it is.</param>
/// <param name="Link">Where to do it, on the destination's page or beside it; empty where there is nothing to do but wait.</param>
internal sealed record FirstStep(string Done, string ToDo, bool IsDone, string Link);

/// <summary>How far a new destination is. Nothing any more once it has got its first lead.</summary>
internal static class FirstSteps
{
    public static async Task<IReadOnlyList<FirstStep>> Of(
        NpgsqlConnection connection, Destination destination, Guid site, CancellationToken cancellationToken)
    {
        if (DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager)
            return [];

        // News of its own switch is no lead. One that has had a thousand messages is new no more, whatever became of them.
        var (hasLead, isAnswered, hasFailed, waits) = await connection.QuerySingleAsync<(bool, bool, bool, bool)>(new CommandDefinition(
            """
            with newest as materialized (
                select event_id, is_test, state from deliveries where destination_id = @Id order by accepted_at desc limit 1000)
            select (select count(*) from newest) = 1000 or exists (
                       select from newest n join lead_events e on e.id = n.event_id
                       where n.state = 'delivered' and not n.is_test and e.action not like 'integration_%'),
                   exists (select from newest where state = 'delivered' and is_test),
                   exists (select from newest where state = 'dead' and is_test),
                   exists (select from newest n join lead_events e on e.id = n.event_id
                           where n.state <> 'delivered' and not n.is_test and e.action not like 'integration_%')
            """, new { destination.Id }, cancellationToken: cancellationToken));
        if (hasLead)
            return [];

        return
        [
            new("Added", "", IsDone: true, ""),
            new("It has answered a test lead",
                hasFailed ? "Its test lead failed: look at what came back, fix it, and test it again."
                    : "Send it a test lead: does it answer?",
                isAnswered || destination.ProvenAt is not null,
                "#test"),
            new("It has passed the go-live check", "Run the go-live check: does it verify signatures, and take a message twice?",
                destination.ProvenAt is not null, "#test"),
            new("It is on", "Switch it on: from then on it gets every new lead.", destination.Active, "#active"),
            new("Its first lead has arrived",
                waits ? "The first leads came, and have not arrived: see above."
                    : destination.Active ? "Wait for the first lead; or send it those that came before." : "Then the first lead arrives.",
                IsDone: false, destination.Active && !waits ? $"/sites/{site}/destinations/{destination.Id}/missed" : ""),
        ];
    }
}
