using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Hosting;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>The paths that website backends and the Lead Manager call (contract, section 1).</summary>
internal static class IncomingEndpoints
{
    public const string Tag = "Incoming";

    private const int MostBytesOfLarge = 16 * 1024 * 1024;

    // The sender doesn't wait for longer than two.
    private static readonly TimeSpan PatienceForRoom = TimeSpan.FromSeconds(1);

    public static void AddIncoming(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<IncomingOptions>>((kestrel, incoming) =>
        {
            kestrel.Limits.RequestHeadersTimeout = incoming.Value.HeadersTimeout;
            // Latin-1 takes any bytes: what a header that we don't need holds must not refuse a lead.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        });
        services.AddBrokerLine(configuration);
        services.AddSingleton<IntakeMetrics>();
        services.AddSingleton<FreshLane>();
        services.AddSingleton<EventQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<EventQueue>());
        services.AddHealthChecks().AddCheck<EventQueue>("rabbitmq", tags: ["ready"]);
        services.AddSingleton<ReturnedEvents>();
        services.AddSingleton<ErrorQueues>();
        services.AddSingleton<DeadLetterErasure>();
        services.AddSingleton<OutboxRelay>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxRelay>());
        services.AddHealthChecks().AddCheck<OutboxRelay>("outbox", tags: ["ready"], timeout: TimeSpan.FromSeconds(3));
        services.AddHealthChecks().AddCheck<SetAsideCheck>("set aside", tags: ["ready"], timeout: TimeSpan.FromSeconds(3));
        services.AddSingleton<LeadPublisher>();
        services.AddSingleton<EventStamps>();
        services.AddRefusedRequests();
        services.AddSingleton<IntakeLimit>();
        services.AddSingleton(_ => new BodyRoom(MostBytesOfLarge, shares: 4, PatienceForRoom));
        services.AddSingleton<LeadIntake>();
        services.AddProductRateLimit();
    }

    public static void MapIncoming(this WebApplication app)
    {
        var v1 = app.MapIncomingGroup("/rest/sites/{site:uuid}");
        v1.MapLeads();
        v1.MapUsers();
        app.MapIncomingGroup("/v2/rest/sites/{site:uuid}").MapLeadsV2();
    }

    /// <summary>Whether errors on this path speak to senders.</summary>
    public static bool Owns(PathString path) => path.StartsWithSegments("/rest", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/v2/rest", StringComparison.OrdinalIgnoreCase);

    private static RouteGroupBuilder MapIncomingGroup(this WebApplication app, string prefix) => app.MapGroup(prefix)
        .RequireAuthorization(RouterAuthentication.ProductPolicy)
        .RequireRateLimiting(ProductRateLimit.Policy)
        .WithTags(Tag);
}
