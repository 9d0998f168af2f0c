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
    public static async Task<string> CreateDatabase(Uri server)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(ConnectionString(server));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();
        return new UriBuilder(server) { Path = name }.Uri.AbsoluteUri;
    }
}
