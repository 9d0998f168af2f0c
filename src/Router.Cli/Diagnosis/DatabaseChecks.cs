using System.Globalization;
using System.Net.Sockets;
using Dapper;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Hosting;

namespace Router.Cli.Diagnosis;

/// <summary>Whether Postgres lets the hosts in, takes their rows, and has secrets that they can read.</summary>
internal sealed class DatabaseChecks(IServiceProvider services)
{
    private const string Subject = "database";

    private const string Setting = "Database:ConnectionString";

    public async Task<List<Finding>> Look(CancellationToken cancellationToken)
    {
        NpgsqlConnectionStringBuilder connection;
        try
        {
            connection = ConnectionStrings.Parse(services.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString);
        }
        catch (Exception wrong) when (wrong is OptionsValidationException or ArgumentException)
        {
            return [new Finding(Gravity.Problem, Subject, $"It can't be looked for: {Setting} is missing or wrong.", "Correct it first.")];
        }

        var where = $"{connection.Host}:{connection.Port}";
        connection.Timeout = connection.CommandTimeout = 5;
        connection.Pooling = false;
        try
        {
            await using var open = new NpgsqlConnection(connection.ConnectionString);
            await open.OpenAsync(cancellationToken);
            return await Look(open, where, cancellationToken);
        }
        catch (PostgresException refused)
        {
            return [Refused(refused, connection)];
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException or SocketException)
        {
            return [new Finding(Gravity.Problem, Subject, $"Postgres at {where} can't be reached ({Reason(away)}).",
                $"Start it, or correct {Setting}. Leads wait in RabbitMQ meanwhile.")];
        }
    }

    private async Task<List<Finding>> Look(NpgsqlConnection open, string where, CancellationToken cancellationToken)
    {
        var asked = TimeProvider.System.GetUtcNow();
        var (version, now, hasTables) = await open.QuerySingleAsync<(string, DateTime, bool)>(
            "select current_setting('server_version'), clock_timestamp(), to_regclass('schema_migrations') is not null");
        var answered = TimeProvider.System.GetUtcNow();
        List<Finding> found =
        [
            new(Gravity.Fine, Subject, $"Postgres {version} at {where} lets the router in."),
            ClockChecks.Compare("Postgres", new DateTimeOffset(now.ToUniversalTime()), asked + (answered - asked) / 2, TimeSpan.Zero),
        ];
        if (!hasTables)
            return [.. found, new Finding(Gravity.Warning, Subject, "The database has none of the router's tables yet.",
                "The first host that starts makes them. If this router ran before, it is the wrong database or schema.")];

        await using var database = services.GetRequiredService<NpgsqlDataSource>();
        var health = await new DatabaseCheck(database).CheckHealthAsync(
            new HealthCheckContext
            {
                Registration = new HealthCheckRegistration("postgres", new DatabaseCheck(database), HealthStatus.Unhealthy, tags: null),
            }, cancellationToken);
        found.Add(health.Status is HealthStatus.Healthy ? new Finding(Gravity.Fine, Subject, "It takes rows.")
            : new Finding(Gravity.Problem, Subject, health.Description!, $"Make it writable, or connect to the primary with {Setting}."));
        found.AddRange(await Role(open));
        found.AddRange(await Secrets(open, cancellationToken));
        return found;
    }

    /// <summary>Whoever gets hold of the hosts' password can do what their role can.</summary>
    private static async Task<IEnumerable<Finding>> Role(NpgsqlConnection open)
    {
        var (role, isSuperuser, isOwner) = await open.QuerySingleAsync<(string, bool, bool)>(
            """
            select current_user::text, rolsuper, (select relowner from pg_class where oid = 'audit_log'::regclass) = oid
            from pg_roles where rolname = current_user
            """);
        return isSuperuser || isOwner
            ? [new Finding(Gravity.Warning, Subject,
                $"The hosts' role {role} {(isSuperuser ? "is a superuser" : "owns the tables")}: "
                + "it can drop them and change the audit log.",
                "Give the hosts a role of their own: docs/deploy.md says how, under Roles.")]
            : [];
    }

    private async Task<IEnumerable<Finding>> Secrets(NpgsqlConnection open, CancellationToken cancellationToken)
    {
        if (!await open.ExecuteScalarAsync<bool>("select exists (select from data_protection_keys)"))
            return [];

        var problem = services.GetService<SecretsCheck>() is { } check ? await check.Problem(cancellationToken) : SecretsCheck.Unreadable;
        var expiring = await open.QueryAsync<(string Name, string Site, DateTime End)>(
            """
            select x.name, s.name, x.certificate_expires_at from destinations x join sites s on s.id = x.site_id
            where x.deleted_at is null and x.active and x.certificate_expires_at < now() + interval '30 days'
            order by x.certificate_expires_at limit 20
            """);
        return expiring.Select(one => CertificateChecks.Until(
                $"The client certificate for {one.Name} of {one.Site}", new DateTimeOffset(one.End.ToUniversalTime()), isServed: true))
            .Prepend(problem is null ? new Finding(Gravity.Fine, "secrets", "The stored secrets can be read.")
                : new Finding(Gravity.Problem, "secrets", problem, "Without it no delivery can be signed."));
    }

    /// <summary>Never makes a key: a host does, under a lock.</summary>
    public static void LeaveKeysAlone(IServiceCollection services) =>
        services.Configure<KeyManagementOptions>(keys => keys.AutoGenerateKeys = false);

    private static Finding Refused(PostgresException refused, NpgsqlConnectionStringBuilder connection) => refused.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => new Finding(Gravity.Problem, Subject,
            $"Postgres refuses the password of {connection.Username}.",
            $"Correct it in {Setting}, or set it: alter role … password. "
            + "In a URL, '@', '/', '?' and '%' of a password are percent-encoded."),
        PostgresErrorCodes.InvalidAuthorizationSpecification => new Finding(Gravity.Problem, Subject,
            $"Postgres doesn't let {connection.Username} in: there is no such role, or pg_hba.conf has no line for it from here.",
            $"Make the role, add the line, or correct {Setting}."),
        PostgresErrorCodes.InvalidCatalogName => new Finding(Gravity.Problem, Subject,
            $"Postgres has no database {connection.Database}.", $"Make it (createdb), or correct {Setting}."),
        PostgresErrorCodes.TooManyConnections => new Finding(Gravity.Problem, Subject, "Postgres has no connection left.",
            "Raise max_connections, lower Database:MaxPoolSize, or put a pooler before it."),
        PostgresErrorCodes.CannotConnectNow => new Finding(Gravity.Problem, Subject, "Postgres is starting or stopping.", "Wait a moment."),
        var state => new Finding(Gravity.Problem, Subject, $"Postgres refuses ({state}).", "Its log says more."),
    };

    private static string Reason(Exception away)
    {
        for (Exception? one = away; one is not null; one = one.InnerException)
        {
            if (one is SocketException socket)
                return socket.SocketErrorCode.ToString();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{away.GetType().Name}");
    }
}
