using Npgsql;

namespace Router.IntegrationTests.Servers;

internal static class Postgres
{
    public static string ConnectionString(Uri url)
    {
        var credentials = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host, Port = url.Port, Database = url.AbsolutePath.Trim('/'), Username = credentials[0], Password = credentials[1], Pooling = false,
        }.ConnectionString;
    }
}
