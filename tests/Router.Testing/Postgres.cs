using Npgsql;

namespace Router.Testing;

public static class Postgres
{
    public static string ConnectionString(Uri url)
    {
        var credentials = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host, Port = url.Port, Database = url.AbsolutePath.Trim('/'), Username = credentials[0], Password = credentials[1],
            Pooling = false,
        }.ConnectionString;
    }

    /// <summary>A database of its own; its URL.</summary>
    /// <param name="server">Any database of the server, as somebody who may make others.</param>
    /// <param name="options">Of <c>create database</c>.</param>
    public static async Task<string> CreateDatabase(Uri server, string options = "")
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(ConnectionString(server));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name} {options}", connection);
        await command.ExecuteNonQueryAsync();
        return new UriBuilder(server) { Path = name }.Uri.AbsoluteUri;
    }

    /// <summary>
    /// Two roles for a database, as docs/deploy.md wants them: one that owns the tables, and one for the hosts, which may only use them.
    /// With the password of whoever makes them.
    /// </summary>
    /// <param name="database">The database, as somebody who may make roles.</param>
    public static async Task<(string Owner, string Hosts)> CreateRoles(Uri database)
    {
        var name = database.AbsolutePath.Trim('/');
        var (owner, hosts) = ($"{name}_owner", $"{name}_hosts");
        await using var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        // A database may get a second router.
        await using var command = new NpgsqlCommand(
            $"""
            do $$ begin
                if not exists (select from pg_roles where rolname = '{owner}') then
                    create role {owner} login password '{database.UserInfo.Split(':', 2)[1]}';
                    create role {hosts} login password '{database.UserInfo.Split(':', 2)[1]}';
                    alter database {name} owner to {owner};
                end if;
            end $$
            """, connection);
        await command.ExecuteNonQueryAsync();
        return (As(owner), As(hosts));

        string As(string role) => new UriBuilder(database) { UserName = role }.Uri.AbsoluteUri;
    }
}
