using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Router.Core.Database;

/// <summary>The pools of connections.</summary>
public static class Databases
{
    /// <summary>
    /// Key of the pool whose commits wait neither for the disk nor for a standby. Only for what is brought about again should a crash or a
    /// failover forget it: the plan of an event by the broker's unacknowledged message, leases and numbers of retries by the delivery that
    /// is due as before. Behind a pooler they do wait: a session's settings would be everybody's.
    /// </summary>
    public const string Unflushed = "unflushed";

    internal static void AddDatabases(this IServiceCollection services)
    {
        services.AddSingleton(provider => new DatabaseLine(
            ConnectionStrings.Parse(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString),
            provider.GetRequiredService<ILogger<DatabaseLine>>()));
        services.AddSingleton<DatabaseHosts>();
        services.AddSingleton(provider => Create(provider, name: "router", options: null));
        services.AddKeyedSingleton(Unflushed, (provider, _) => Create(provider, "router-unflushed", "-c synchronous_commit=off"));
    }

    /// <summary>Connections of the tables' owner: to the primary, for a moment, and with nothing of a session's own.</summary>
    internal static NpgsqlDataSource OfOwner(string text, ILoggerFactory loggers)
    {
        var connection = ConnectionStrings.Parse(text);
        connection.Timeout = 5;
        connection.NoResetOnClose = true;
        connection.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString) { Name = "router-migrate" };
        builder.UseLoggerFactory(loggers);
        return connection.Host?.Contains(',', StringComparison.Ordinal) is true
            ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite) : builder.Build();
    }

    private static NpgsqlDataSource Create(IServiceProvider provider, string name, string? options)
    {
        var settings = provider.GetRequiredService<IOptions<DatabaseOptions>>().Value;
        var connection = ConnectionStrings.Parse(settings.ConnectionString);
        connection.MaxPoolSize = settings.MaxPoolSize;
        connection.ApplicationName ??= name;
        connection.Timeout = 5;
        connection.CommandTimeout = 15;
        // Nothing that we set outlives its transaction, and session locks are given back by name. The reset would cost each use of a
        // connection a few statements, and where the line is dead a token could not end the wait for its answer: Npgsql only cancels what
        // comes behind it.
        connection.NoResetOnClose = true;
        // A server that vanished without a word is noticed within two minutes, also where a statement has no time limit of its own.
        connection.TcpKeepAlive = true;
        connection.TcpKeepAliveTime = 30;
        connection.TcpKeepAliveInterval = 10;
        if (!provider.GetRequiredService<DatabaseLine>().IsPooled)
        {
            connection.MaxAutoPrepare = 50;
            connection.AutoPrepareMinUsages = 2;
            // Our statements are short; compiling one takes longer than running it.
            // What the hosts change of their own accord is theirs in the audit log.
            // StandbyConfirmation must hear warnings.
            connection.Options =
                $"{connection.Options} -c client_min_messages=warning -c jit=off -c router.actor=router {options}".Trim();
        }

        // Of several hosts it is the one that can be written to.
        var isOneOfSeveral = connection.Host?.Contains(',', StringComparison.Ordinal) is true;
        var target = isOneOfSeveral ? Target(connection.TargetSessionAttributes) : TargetSessionAttributes.Any;
        if (isOneOfSeveral)
            connection.TargetSessionAttributes = null;
        // PrimaryWatch sees to it that it is looked for anew.
        if (isOneOfSeveral && target is TargetSessionAttributes.ReadWrite)
            connection.HostRecheckSeconds = (int)TimeSpan.FromHours(1).TotalSeconds;
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString)
            .UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
        // In metrics; by default it would be the connection string.
        builder.Name = name;
        if (!isOneOfSeveral)
            return builder.Build();

        var pool = builder.BuildMultiHost();
        if (target is TargetSessionAttributes.ReadWrite)
            provider.GetRequiredService<DatabaseHosts>().Add(pool);
        return pool.WithTargetSession(target);
    }

    private static TargetSessionAttributes Target(string? attributes) =>
        attributes is null ? TargetSessionAttributes.ReadWrite
            : Enum.Parse<TargetSessionAttributes>(attributes.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
