using Npgsql;

namespace Router.Core.Database;

internal static class ConnectionStrings
{
    /// <summary>Takes the URL that psql and most platforms hand out as well as Npgsql's own form.</summary>
    /// <exception cref="ArgumentException">It is neither. The text says so without repeating it: it holds a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            if (!text.StartsWith("postgres://", StringComparison.Ordinal) && !text.StartsWith("postgresql://", StringComparison.Ordinal))
                return new NpgsqlConnectionStringBuilder(text);

            var url = new Uri(text);
            var credentials = url.UserInfo.Split(':', 2);
            var builder = new NpgsqlConnectionStringBuilder
            {
                Host = url.Host,
                Port = url.Port < 0 ? 5432 : url.Port,
                Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
                Username = Uri.UnescapeDataString(credentials[0]),
                Password = credentials.Length > 1 ? Uri.UnescapeDataString(credentials[1]) : null,
            };
            foreach (var setting in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                // sslmode=verify-full is VerifyFull here; a setting that Npgsql doesn't know is refused, never ignored.
                var pair = setting.Split('=', 2);
                builder[pair[0].Replace("_", " ", StringComparison.Ordinal)] =
                    Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? "").Replace("-", "", StringComparison.Ordinal);
            }

            return builder;
        }
        catch (Exception wrong) when (wrong is ArgumentException or UriFormatException)
        {
#pragma warning disable MA0054 // The inner text may repeat a part of the password.
            throw new ArgumentException("Database:ConnectionString is neither a postgres:// URL nor an Npgsql connection string.", nameof(text));
#pragma warning restore MA0054
        }
    }
}
