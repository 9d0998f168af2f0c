namespace Router.Testing;

/// <summary>What hosts of a fixture are configured with, and as whom they go to Postgres and RabbitMQ.</summary>
internal static class HostSettings
{
    /// <summary>Retries come quickly, so that tests needn't wait for five seconds.</summary>
    public static Dictionary<string, string> Defaults(string database, string amqp, Broker broker) => new(StringComparer.Ordinal)
    {
        ["Database:ConnectionString"] = database,
        ["RabbitMq:Uri"] = amqp,
        ["RabbitMq:ManagementUri"] = broker.Management.AbsoluteUri,
        ["RabbitMq:LookInterval"] = "00:00:01",
        ["Secrets:WithoutCertificate"] = "true",
        ["Admin:Token"] = RouterFixture.AdminToken,
        ["Admin:Email"] = RouterFixture.OperatorsEmail,
        ["Admin:Password"] = RouterFixture.OperatorsPassword,
        // A busy machine that runs tests takes its time.
        ["Incoming:KeyTimeout"] = "00:00:05",
        // Each day is three tables with all their indexes.
        ["Retention:DaysAhead"] = "2",
        // All tests come from one address.
        ["Http:SignInsPerMinute"] = "100000",
        ["Delivery:RetrySchedule"] = "00:00:00.2,00:00:00.2,00:00:00.2",
        ["Delivery:DueInterval"] = "00:00:00.1",
        ["Delivery:RequestTimeout"] = "00:00:05",
        ["Delivery:Lease"] = "00:00:07",
        // The receivers of tests speak plain http on loopback, and one host isn't there at all.
        ["Network:Allow"] = "127.0.0.1, no-such-host.invalid",
        // Owners see them.
        ["Network:OutgoingAddresses"] = "203.0.113.7, 2001:db8:1::/48",
    };

    /// <summary>
    /// The schema, unless it is there, made by a role of its own, and the connection of the hosts' role, which may only use it. Of several
    /// servers hosts have the role that tests have.
    /// </summary>
    public static async Task<string> HostsRole(Dictionary<string, string> settings)
    {
        var database = settings["Database:ConnectionString"];
        if (database.Contains(',', StringComparison.Ordinal))
            return database;
        if (MigratedDatabases.AsHosts(database) is { } migrated)
            return migrated;

        var (owner, hosts) = await Postgres.CreateRoles(new Uri(database));
        await Migrate(settings, owner, hosts);
        return hosts;
    }

    /// <summary>Brings the schema up to date, as an operator does.</summary>
    public static async Task Migrate(Dictionary<string, string> settings, string owner, string hosts)
    {
        var output = await HostWithin.Run("Router.Worker", new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["Database:ConnectionString"] = hosts, ["Database:OwnerConnectionString"] = owner,
        }, "migrate");
        Assert.Contains("The schema is up to date", output, StringComparison.Ordinal);
    }

    /// <summary>RabbitMQ as hosts should use it: let in to the router's own queues, and to nothing else of its virtual host.</summary>
    public static async Task<string> HostsUser(string amqp, Broker broker)
    {
        // A test may have made another user.
        var keeper = broker.Amqp.UserInfo;
        if (!amqp.Contains($"//{keeper}@", StringComparison.Ordinal))
            return amqp;

        var (user, password) = ($"hosts-{Guid.NewGuid():N}", keeper.Split(':', 2)[1]);
        await broker.CreateHostsUser(amqp.Split('/')[^1], user, Uri.UnescapeDataString(password));
        return amqp.Replace($"//{keeper}@", $"//{user}:{password}@", StringComparison.Ordinal);
    }
}
