using System.Globalization;
using System.Net.Sockets;
using Dapper;
using Npgsql;

namespace Router.Cli.Diagnosis;

/// <summary>A Postgres that Database:ConnectionString names, as it was found.</summary>
/// <param name="Where">Its host and port.</param>
/// <param name="Open">A connection to it; null where there is none.</param>
/// <param name="IsStandby">Whether it follows another one.</param>
/// <param name="IsReadOnly">Whether it takes no rows, for that or another reason.</param>
/// <param name="Failure">Why there is no connection; null where there is one.</param>
internal sealed record DatabaseServer(string Where, NpgsqlConnection? Open, bool IsStandby, bool IsReadOnly, Finding? Failure)
    : IAsyncDisposable
{
    private const string Subject = "database";

    private const string Setting = "Database:ConnectionString";

    // In seconds. So long only where the machine has much else to do.
    private const int Patience = 15;

    /// <summary>How each of the servers is connected to by itself.</summary>
    public static IEnumerable<NpgsqlConnectionStringBuilder> Named(NpgsqlConnectionStringBuilder all)
    {
        foreach (var host in all.Host!.Split(',', StringSplitOptions.TrimEntries))
        {
            var (name, port) = Place(host);
            yield return new NpgsqlConnectionStringBuilder(all.ConnectionString)
            {
                Host = name, Port = port ?? all.Port, Timeout = Patience, CommandTimeout = Patience, Pooling = false,
                TargetSessionAttributes = null,
            };
        }
    }

    public static async Task<DatabaseServer> Look(NpgsqlConnectionStringBuilder connection, CancellationToken cancellationToken)
    {
        var where = $"{connection.Host}:{connection.Port}";
        var open = new NpgsqlConnection(connection.ConnectionString);
        try
        {
            await open.OpenAsync(cancellationToken);
            var (isStandby, isReadOnly) = await open.QuerySingleAsync<(bool, bool)>(
                "select pg_is_in_recovery(), pg_is_in_recovery() or current_setting('transaction_read_only')::boolean");
            return new DatabaseServer(where, open, isStandby, isReadOnly, Failure: null);
        }
        catch (Exception failed) when (failed is NpgsqlException or TimeoutException or SocketException)
        {
            await open.DisposeAsync();
            return new DatabaseServer(where, Open: null, IsStandby: false, IsReadOnly: false,
                failed is PostgresException refused ? Refused(refused, connection, where)
                    : new Finding(Gravity.Problem, Subject, $"Postgres at {where} can't be reached ({Reason(failed)}).",
                        $"Start it, or correct {Setting}. Leads wait in RabbitMQ meanwhile."));
        }
    }

    public ValueTask DisposeAsync() => Open?.DisposeAsync() ?? ValueTask.CompletedTask;

    // Of an IPv6 address in brackets only what stands behind them is the port, and one without them has none; nor has a socket's directory.
    private static (string Name, int? Port) Place(string host)
    {
        var colon = host.LastIndexOf(':');
        var hasPort = colon > host.LastIndexOf(']') && !host.StartsWith('/') && (host.StartsWith('[') || host.IndexOf(':') == colon);
        return hasPort && int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (host[..colon].Trim('[', ']'), port) : (host.Trim('[', ']'), null);
    }

    private static Finding Refused(PostgresException refused, NpgsqlConnectionStringBuilder connection, string where) =>
        refused.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword => new Finding(Gravity.Problem, Subject,
                $"Postgres at {where} refuses the password of {connection.Username}.",
                $"Correct it in {Setting}, or set it: alter role … password. "
                + "In a URL, '@', '/', '?' and '%' of a password are percent-encoded."),
            PostgresErrorCodes.InvalidAuthorizationSpecification => new Finding(Gravity.Problem, Subject,
                $"Postgres at {where} doesn't let {connection.Username} in: there is no such role, "
                + "or pg_hba.conf has no line for it from here.",
                $"Make the role, add the line, or correct {Setting}."),
            PostgresErrorCodes.InvalidCatalogName => new Finding(Gravity.Problem, Subject,
                $"Postgres at {where} has no database {connection.Database}.", $"Make it (createdb), or correct {Setting}."),
            PostgresErrorCodes.TooManyConnections => new Finding(Gravity.Problem, Subject, $"Postgres at {where} has no connection left.",
                "Raise max_connections, lower Database:MaxPoolSize, or put a pooler before it."),
            PostgresErrorCodes.CannotConnectNow => new Finding(
                Gravity.Problem, Subject, $"Postgres at {where} is starting or stopping.", "Wait a moment."),
            var state => new Finding(Gravity.Problem, Subject, $"Postgres at {where} refuses ({state}).", "Its log says more."),
        };

    private static string Reason(Exception away)
    {
        for (Exception? one = away; one is not null; one = one.InnerException)
        {
            if (one is SocketException socket)
                return socket.SocketErrorCode.ToString();
            if (one is TimeoutException)
                return string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience} s");
        }

        return away.GetType().Name;
    }
}
