using Router.Core.Deliveries;
using Router.Hosting;

namespace Router.Worker;

/// <summary>What is measured of a worker, beside what both hosts measure.</summary>
internal static class WorkerTelemetry
{
    /// <summary>After the ledger's tables are made.</summary>
    public static void AddWorkerTelemetry(this WebApplicationBuilder builder)
    {
        if (!builder.AddTelemetry(service: "lead-router-worker"))
            return;

        builder.Services.Observe<SendingMetrics>();
        builder.Services.Observe<LaneMetrics>();
        builder.Services.AddSingleton<LedgerMetrics>();
        builder.Services.AddHostedService<LedgerFiguresKeeper>();
    }
}
