using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Duties;
using Router.Core.Intake;
using Router.Core.Mail;
using Router.Core.Mapping;
using Router.Core.Retention;
using Router.Core.Search;
using Router.Core.SetAside;
using Router.Core.Sites;

namespace Router.Core;

/// <summary>Registration: the API adds the ledger, intake, operations and reports; a worker the ledger and delivery.</summary>
public static class RouterCore
{
    /// <summary>
    /// The database, its schema, what both hosts look up in it, and the settings that both of them read. Call it before anything that takes
    /// work is added: hosted services start in order and stop in reverse, so the schema is there first, and the host goes on hearing of
    /// changes to the last.
    /// </summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, IConfiguration configuration)
    {
        DapperTypes.Register();
        SqlMapper.AddTypeHandler(new LeadFilterColumn());
        SqlMapper.AddTypeHandler(new RequestMappingColumn());
        SqlMapper.AddTypeHandler(new AnswerRulesColumn());
        SqlMapper.AddTypeHandler(new QuietTimesColumn());
        SqlMapper.AddTypeHandler(new OwnLimitsColumn());

        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<NetworkOptions>().Bind(configuration.GetSection("Network")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ProxyOptions>().Bind(configuration.GetSection("Proxy")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RetentionOptions>().Bind(configuration.GetSection("Retention")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<OrderOptions>().Bind(configuration.GetSection("Order")).ValidateDataAnnotations().ValidateOnStart();
        services.AddDeliverySettings(configuration);
        services.AddOptions<SiteLimitOptions>().Bind(configuration.GetSection("SiteLimits")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SmtpOptions>().Bind(configuration.GetSection("Smtp")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<AlertOptions>().Bind(configuration.GetSection("Alerts")).ValidateDataAnnotations()
            .Validate<IOptions<SmtpOptions>>(
                (alerts, smtp) => !smtp.Value.IsSet || alerts.PagesUrl is not null,
                "Alerts:PagesUrl must be set when Smtp:Host is: mails link to the pages.")
            .Validate<IOptions<SmtpOptions>>(
                (alerts, smtp) => !smtp.Value.IsSet || alerts.Lease >= smtp.Value.Timeout * 3,
                "Alerts:Lease must be at least three times Smtp:Timeout, or another worker sends what one is still sending.")
            .ValidateOnStart();

        services.AddSingleton(TimeProvider.System);
        services.AddDatabases();
        services.AddSingleton<DatabaseAvailability>();
        services.AddSingleton<HostDuties>();
        services.AddSingleton<DutyMetrics>();
        services.AddSingleton<CommitMetrics>();
        services.AddHostedService<PrimaryWatch>();
        services.AddBackground<Migrator>();
        services.AddBackground<DutyReports>();
        services.AddBackground<DirectoryChanges>();
        services.AddSingleton<ProductDirectory>();
        services.AddSingleton<DestinationDirectory>();
        services.AddSingleton<NetworkGuard>();
        services.AddSingleton<SiteUse>();
        services.AddSingleton<SetAsideMessages>();
        services.AddSingleton<OutgoingMail>();
        services.AddSingleton<DueAlerts>();
        return services;
    }

    /// <summary>
    /// Brings the schema up to date, as each host does when it starts, and gives the hosts' role its rights where another one owns the
    /// tables; for the services of <see cref="AddLedger"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It can't; the text says why.</exception>
    public static async Task BringSchemaUpToDate(this IServiceProvider services, CancellationToken cancellationToken = default)
    {
        var options = services.GetRequiredService<IOptions<DatabaseOptions>>().Value;
        var migrator = services.GetRequiredService<Migrator>();
        if (options.OwnerConnectionString is not { Length: > 0 } owner)
            await migrator.StartAsync(cancellationToken);
        else
            await migrator.Run(owner, ConnectionStrings.Parse(options.ConnectionString).Username ?? "", cancellationToken);
    }

    /// <summary>
    /// What the API keeps of a lead before RabbitMQ has it: the outbox, the Idempotency-Keys and the order. After <see cref="AddLedger"/>
    /// and before whatever takes leads, so that all can still be written while the last requests end.
    /// </summary>
    public static IServiceCollection AddIntake(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OutboxOptions>().Bind(configuration.GetSection("Outbox")).ValidateDataAnnotations().ValidateOnStart();
        services.AddBackground<LeadOutbox>();
        services.AddOptions<IdempotencyOptions>().Bind(configuration.GetSection("Incoming")).ValidateDataAnnotations().ValidateOnStart();
        services.AddBackground<IdempotencyClaims>();
        services.AddBackground<EventRegister>();
        services.AddSingleton<RefusedLeads>();
        services.AddSingleton<RecentEvents>();
        services.AddSingleton<EventSequence>();
        return services;
    }

    /// <summary>
    /// The way of an event, which only workers go: plan, attempt, record, and what isolates destinations from each other. After
    /// <see cref="AddLedger"/> and before whatever consumes messages, so that the ledger's writers start before it and stop after it. The
    /// host adds <see cref="PublishDeadLetter"/>.
    /// </summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services)
    {
        services.AddSingleton<LeadPrintKey>();
        services.AddBackground<Duplicates>();
        services.AddBackground<DeliveryPlanner>();
        services.AddBackground<RetryClaims>();
        services.AddBackground<AttemptRecorder>();
        services.AddBackground<DestinationTurns>();
        services.AddBackground<SlowAttempts>();
        services.AddSingleton<LeadDelivery>();
        services.AddSingleton<DeliveryAttempts>();
        services.AddSingleton<NameLookups>();
        services.AddSingleton<OutgoingProxy>();
        services.AddSingleton<DestinationSender>();
        services.AddSingleton<DestinationBulkheads>();
        services.AddSingleton<LanePatience>();
        services.AddSingleton<DeliveryMetrics>();
        services.AddSingleton<SendingMetrics>();
        services.AddSingleton<DestinationPauses>();
        services.AddSingleton<OldDeliveries>();
        services.AddSingleton<LeadOrder>();
        services.AddSingleton<DestinationDeactivation>();
        services.AddSingleton<DeliveryCancellation>();
        services.AddSingleton<DestinationCheck>();
        services.AddSingleton<RunningReplays>();
        services.AddSingleton<LedgerRetention>();
        services.AddBackground<LeadIndex>();
        return services;
    }

    /// <summary>
    /// What people ask for in the API and on its pages: to try or send again, to test a destination, to cancel what waits for it.
    /// </summary>
    public static IServiceCollection AddOperations(this IServiceCollection services)
    {
        services.AddSingleton<DeliveryReplay>();
        services.AddSingleton<ReplayJobs>();
        services.AddSingleton<DestinationCheck>();
        services.AddSingleton<DeliveryCancellation>();
        return services;
    }

    /// <summary>What looks for trouble and tells people of it: workers only, after <see cref="AddLedger"/>.</summary>
    public static IServiceCollection AddAlerts(this IServiceCollection services)
    {
        services.AddSingleton<PresentTroubles>();
        services.AddSingleton<SlowTroubles>();
        services.AddSingleton<PlannedAlerts>();
        services.AddSingleton(provider => new Troubles(
            provider.GetRequiredService<Npgsql.NpgsqlDataSource>(), provider.GetRequiredService<PresentTroubles>(),
            provider.GetRequiredService<SlowTroubles>(), provider.GetRequiredService<PlannedAlerts>(),
            provider.GetRequiredService<IOptions<AlertOptions>>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AlertWebhook(
            new HttpClient(ForAlerts(
                provider.GetRequiredService<OutgoingProxy>(), provider.GetRequiredService<IOptions<AlertOptions>>().Value.WebhookUrl))
            {
                Timeout = TimeSpan.FromSeconds(10),
            }, provider.GetRequiredService<IOptions<AlertOptions>>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>What the API and its pages read of the ledger.</summary>
    public static IServiceCollection AddReports(this IServiceCollection services)
    {
        services.AddSingleton<DeliveryHistory>();
        services.AddSingleton<LeadSearch>();
        services.AddSingleton<PersonSearch>();
        services.AddSingleton<PersonExport>();
        services.AddSingleton<DeliveryRequests>();
        services.AddSingleton<SampleRequests>();
        services.AddSingleton<DestinationHealth>();
        services.AddSingleton<TroubledDestinations>();
        services.AddSingleton<DeadDeliveries>();
        services.AddSingleton<SiteStatement>();
        services.AddSingleton<LeadsToday>();
        services.AddSingleton<FilterPreview>();
        services.AddSingleton<ChangePreviews>();
        services.AddSingleton<IntakeByHour>();
        services.AddSingleton<OpenTroubles>();
        return services;
    }

    /// <summary>Goes where an operator points it to, and nowhere else.</summary>
    private static SocketsHttpHandler ForAlerts(OutgoingProxy proxy, Uri? url)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (url is not null && proxy.Carries(url))
            (handler.UseProxy, handler.ConnectCallback) = (false, proxy.OpenUnchecked);
        return handler;
    }

    private static void AddBackground<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
