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
        catch (Exception wrong) when (wrong is OptionsValidationException or ArgumentException or InvalidOperationException)
        {
            return [new Finding(Gravity.Problem, Subject, $"It can't be looked for: {Setting}, or another setting of its section, "
                + "is missing or wrong.", "Correct it first: it is named under configuration.")];
        }

        var servers = await Task.WhenAll(DatabaseServer.Named(connection).Select(server => DatabaseServer.Look(server, cancellationToken)));
        try
        {
            var found = ServerChecks.Look(servers);
            if (ServerChecks.InUse(servers) is not { Open: { } open } server)
                return found;

            found.AddRange(await Look(open, server.Where, cancellationToken));
            if (await StandbyChecks.Look(open, servers.Length > 1) is { } standbys)
                found.Add(standbys);
            return found;
        }
        catch (PostgresException refused)
        {
            return [new Finding(Gravity.Problem, Subject, $"Postgres refuses ({refused.SqlState}).", "Its log says more.")];
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException)
        {
            return [new Finding(Gravity.Problem, Subject, "Postgres went away while it was looked at.", "Look again in a moment.")];
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
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
}
