using System.Collections.Concurrent;
using Npgsql;

namespace Router.Testing;

/// <summary>
/// Databases with the schema in them. The first of a server is brought up to date as an operator does it, all others are copies of it: with
/// the same rights of the same two roles, and a fifth of the processor time.
/// </summary>
internal static class MigratedDatabases
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<Template>>> Templates = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, string> Hosts = new(StringComparer.Ordinal);

    /// <summary>One more; its URL.</summary>
    public static async Task<string> Create(Uri server)
    {
        // By the password, too: a port may be another server's later.
        var template = await Templates.GetOrAdd(server.AbsoluteUri, _ => new(() => Migrated(server))).Value;
        var database = await Postgres.CreateDatabase(server, $"owner {template.Owner} template {template.Name}");
        Hosts[database] = new UriBuilder(database) { UserName = template.Hosts }.Uri.AbsoluteUri;
        return database;
    }

    /// <summary>The same database as the hosts' role; null of one that wasn't made here.</summary>
    public static string? AsHosts(string database) => Hosts.GetValueOrDefault(database);

    /// <summary>
    /// What is left of a test costs all that come after it: Postgres looks into each database in turn. Ends whatever is still connected.
    /// </summary>
    public static async Task Drop(string database)
    {
        var url = new Uri(database);
        await Execute(
            new UriBuilder(url) { Path = "postgres" }.Uri, $"drop database if exists {url.AbsolutePath.Trim('/')} with (force)");
    }

    private static async Task<Template> Migrated(Uri server)
    {
        var database = new Uri(await Postgres.CreateDatabase(server));
        var (owner, hosts) = await Postgres.CreateRoles(database);
        await HostSettings.Migrate(new Dictionary<string, string>(StringComparer.Ordinal), owner, hosts);

        await Execute(database,
            """
            -- As many days as hosts of tests keep ready (Retention:DaysAhead): each connection reads what all of them are.
            do $$
            declare
                later text;
            begin
                for later in delete from ledger_days where starts_at > now() + interval '2 days' returning name loop
                    execute format('drop table lead_events_%1$s, deliveries_%1$s, delivery_attempts_%1$s', later);
                end loop;
            end $$
            """);
        var name = database.AbsolutePath.Trim('/');
        // Whoever is connected to it would be in the way of a copy.
        await Execute(server, $"alter database {name} allow_connections false");
        return new Template(name, Role(owner), Role(hosts));
    }

    private static async Task Execute(Uri database, string sql)
    {
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string Role(string url) => new Uri(url).UserInfo.Split(':')[0];

    private sealed record Template(string Name, string Owner, string Hosts);
}
