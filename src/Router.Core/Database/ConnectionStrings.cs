using System.Globalization;
using Npgsql;

namespace Router.Core.Database;

/// <summary>Reads where Postgres is. Pure.</summary>
internal static class ConnectionStrings
{
    /// <summary>libpq's names for what Npgsql calls otherwise; the rest differ in underscores only.</summary>
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["user"] = "Username", ["dbname"] = "Database", ["sslrootcert"] = "Root Certificate", ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password", ["connect_timeout"] = "Timeout", ["target_session_attrs"] = "Target Session Attributes",
        ["gssencmode"] = "GSS Encryption Mode", ["krbsrvname"] = "Kerberos Service Name", ["keepalives"] = "TCP Keepalive",
        ["keepalives_idle"] = "TCP Keepalive Time", ["keepalives_interval"] = "TCP Keepalive Interval",
    };

    /// <summary>
    /// Takes the URL that psql and most platforms hand out, by the rules of libpq (several hosts, options, percent-encoded values), as well
    /// as Npgsql's own form.
    /// </summary>
    /// <exception cref="ArgumentException">It is neither. The text says so without repeating it: it holds a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            foreach (var scheme in new[] { "postgres://", "postgresql://" })
            {
                if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
                    return ParseUrl(text[scheme.Length..]);
            }

            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
#pragma warning disable MA0015, CA2208, MA0054 // The inner text may repeat a part of the password.
            throw new ArgumentException(
                "Database:ConnectionString is neither a postgres:// URL nor an Npgsql connection string. " +
                "In a URL, '@', '/', '?' and '%' of a password are percent-encoded, and options are those that Npgsql knows.");
#pragma warning restore MA0015, CA2208, MA0054
        }
    }

    /// <summary>What is wrong with it, for people; null when nothing is.</summary>
    /// <param name="text">What is set.</param>
    /// <param name="setting">The setting's name.</param>
    public static string? Problem(string text, string setting = "Database:ConnectionString")
    {
        try
        {
            return Parse(text).Host is { Length: > 0 } ? null : $"{setting} names no host.";
        }
        catch (ArgumentException wrong)
        {
            return wrong.Message.Replace("Database:ConnectionString", setting, StringComparison.Ordinal);
        }
    }

    /// <param name="url">What follows the scheme: <c>[user[:password]@][host[:port][,…]][/database][?option=value[&amp;…]]</c>.</param>
    private static NpgsqlConnectionStringBuilder ParseUrl(string url)
    {
        var (address, options) = Cut(url, url.IndexOf('?', StringComparison.Ordinal));
        var (authority, database) = Cut(address, address.IndexOf('/', StringComparison.Ordinal));
        var at = authority.LastIndexOf('@');
        var builder = new NpgsqlConnectionStringBuilder();
        Locate(builder, authority[(at + 1)..]);
        if (database.Length > 0)
            builder.Database = Uri.UnescapeDataString(database);
        if (at > 0)
        {
            var credentials = authority[..at];
            var (user, password) = Cut(credentials, credentials.IndexOf(':', StringComparison.Ordinal));
            builder.Username = Uri.UnescapeDataString(user);
            if (password.Length > 0)
                builder.Password = Uri.UnescapeDataString(password);
        }

        foreach (var option in options.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Cut(option, option.IndexOf('=', StringComparison.Ordinal));
            Set(builder, Uri.UnescapeDataString(name), Uri.UnescapeDataString(value));
        }

        return builder;
    }

    /// <summary>One host goes with its port, several each with its own.</summary>
    private static void Locate(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        var all = hosts.Split(',').Select(Host).ToList();
        if (all is [var (host, port)])
            (builder.Host, builder.Port) = (host.Trim('[', ']'), port);
        else
            builder.Host = string.Join(',', all.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Host}:{one.Port}")));
    }

    private static (string Host, int Port) Host(string text)
    {
        // Of an IPv6 address only what stands behind its bracket is the port.
        var colon = text.IndexOf(':', Math.Max(text.LastIndexOf(']'), 0));
        var (host, port) = Cut(text, colon);
        var number = port.Length is 0 ? NpgsqlConnection.DefaultPort : int.Parse(port, NumberStyles.None, CultureInfo.InvariantCulture);
        return number is > 0 and <= 65535 ? (host.Length is 0 ? "localhost" : Uri.UnescapeDataString(host), number)
            : throw new FormatException();
    }

    /// <summary>What Npgsql doesn't know is refused, never ignored.</summary>
    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        name = Names.GetValueOrDefault(name) ?? name.Replace('_', ' ');
        builder[name] = name.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant() switch
        {
            // verify-full is VerifyFull here.
            "SSLMODE" => value.Replace("-", "", StringComparison.Ordinal),
            "LOADBALANCEHOSTS" when value is "random" or "disable" => value is "random",
            "TCPKEEPALIVE" when value is "0" or "1" => value is "1",
            _ => value,
        };
    }

    private static (string Before, string Behind) Cut(string text, int at) => at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
}
