using System.Net;
using Npgsql;
using Router.Core.Database;
using Router.Hosting;

namespace Router.Cli.Diagnosis;

/// <summary>Whether what leaves this machine for the servers is encrypted: leads are in it, and the passwords.</summary>
internal static class TransportChecks
{
    /// <summary>Of settings that make sense; what is wrong with others is said elsewhere.</summary>
    public static IEnumerable<Finding> Look(string? database, string? broker)
    {
        if (Postgres(database) is { } postgres)
            yield return postgres;
        if (RabbitMq(broker) is { } rabbitMq)
            yield return rabbitMq;
    }

    private static Finding? Postgres(string? text)
    {
        if (string.IsNullOrEmpty(text) || ConnectionStrings.Problem(text) is not null)
            return null;

        var connection = ConnectionStrings.Parse(text);
        return connection.SslMode is SslMode.Require or SslMode.VerifyCA or SslMode.VerifyFull || connection.Host!.Split(',').All(IsHere)
            ? null : new Finding(Gravity.Warning, "database",
                $"What goes to Postgres at {connection.Host} may not be encrypted, and leads go there.",
                "Add sslmode=verify-full and sslrootcert=FILE to Database:ConnectionString.");
    }

    private static Finding? RabbitMq(string? text)
    {
        if (string.IsNullOrEmpty(text) || !BrokerAddress.IsWellFormed(text))
            return null;

        var address = BrokerAddress.Parse(text);
        return address.IsSecure || address.Nodes.All(node => IsHere(node.Host)) ? null : new Finding(Gravity.Warning, "broker",
            $"What goes to RabbitMQ at {string.Join(", ", address.Nodes.Select(node => node.Host))} isn't encrypted, and leads go there.",
            "Let RabbitMQ listen with TLS, and begin RabbitMq:Uri with amqps://.");
    }

    // A host may have its port behind it. A socket begins with a slash.
    private static bool IsHere(string host)
    {
        var name = host.Trim().TrimStart('[').Split(']')[0];
        return name.StartsWith('/') || name.Split(':')[0] is "localhost"
            || IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)
            || IPAddress.TryParse(name.Split(':')[0], out address) && IPAddress.IsLoopback(address);
    }
}
