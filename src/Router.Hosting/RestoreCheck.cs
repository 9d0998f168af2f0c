using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core;
using Router.Core.Leads;
using Router.Core.Recovery;

namespace Router.Hosting;

/// <summary>
/// What is delivered again and what is missing after Postgres was restored or RabbitMQ's disk was lost, by a host's settings
/// (<see cref="AfterRestore"/>).
/// </summary>
internal static class RestoreCheck
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>Looks at both, and changes nothing.</summary>
    /// <param name="configuration">A host's: sections <c>Database</c> and <c>RabbitMq</c>.</param>
    /// <param name="asked">Ids of leads or messages to look for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NpgsqlException">Postgres can't be looked at.</exception>
    /// <exception cref="RabbitMQ.Client.Exceptions.BrokerUnreachableException">RabbitMQ can't.</exception>
    /// <exception cref="OptionsValidationException">The settings are wrong.</exception>
    public static async Task<RestoreReport> Look(
        IConfiguration configuration, IReadOnlyCollection<Guid> asked, CancellationToken cancellationToken)
    {
        await using var services = Services(configuration);
        return await Look(services, asked, cancellationToken);
    }

    /// <summary>
    /// Sends what was planned and nobody else would send; how many. Null, and nothing is sent, while workers run: they may have it in hand.
    /// </summary>
    /// <inheritdoc cref="Look(IConfiguration, IReadOnlyCollection{Guid}, CancellationToken)"/>
    public static async Task<int?> Send(IConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var services = Services(configuration);
        var planned = new PlannedDeliveries(services.GetRequiredService<NpgsqlDataSource>());
        for (var sent = 0; ;)
        {
            var report = await Look(services, [], cancellationToken);
            if (report.Consumed.Count > 0)
                return null;

            var step = await planned.Send(report.Orphans.Items, cancellationToken);
            sent += step;
            // As many as one look lists.
            if (step == 0 || report.Orphans.Items.Count == report.Orphans.Count)
                return sent;
        }
    }

    /// <summary>Ids to ask for: one in each line; whatever else is there is passed over.</summary>
    public static List<Guid> Ids(TextReader input)
    {
        var ids = new List<Guid>();
        while (input.ReadLine() is { } line)
        {
            if (Uuids.TryParse(line, out var id))
                ids.Add(id);
        }

        return ids;
    }

    /// <summary>The report for programs.</summary>
    public static string Json(RestoreReport report) => JsonSerializer.Serialize(report, Options);

    // First RabbitMQ: what is planned between the two looks isn't missed then.
    private static async Task<RestoreReport> Look(
        IServiceProvider services, IReadOnlyCollection<Guid> asked, CancellationToken cancellationToken) =>
        await new AfterRestore(services.GetRequiredService<NpgsqlDataSource>()).Look(
            await QueueContents.Read(new BrokerNodes(services.GetRequiredService<IOptions<BrokerOptions>>()), cancellationToken), asked,
            cancellationToken);

    // Nothing of a host is started.
    private static ServiceProvider Services(IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddLogging().AddLedger(configuration);
        services.AddOptions<BrokerOptions>().Bind(configuration.GetSection("RabbitMq")).ValidateDataAnnotations();
        return services.BuildServiceProvider();
    }
}
