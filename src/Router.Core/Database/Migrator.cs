using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Brings the schema up to date before the host takes work. An empty database gets the files of <c>Schema</c>, which say what the schema
/// is; one that has them gets those of <c>Migrations</c> that were added since (<see cref="SchemaSteps"/>).
/// </summary>
internal sealed class Migrator(
    NpgsqlDataSource database, DatabaseLine line, DatabaseAvailability availability, ILoggerFactory loggers, ILogger<Migrator> logger)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await availability.Wait(line.Confirm, cancellationToken);
        await Take(database, cancellationToken);
    }

    /// <summary>The same as the tables' owner, who then lets the hosts' role use them.</summary>
    public async Task Run(string ownersConnection, string hosts, CancellationToken cancellationToken)
    {
        await using var owner = Databases.OfOwner(ownersConnection, loggers);
        await Take(owner, cancellationToken);
        await HostsRights.Grant(owner, hosts, cancellationToken);
    }

    private async Task Take(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var schema = string.Join('\n', Migration.Embedded("Schema").Select(file => file.Sql));
        await availability.Wait(async token => await new SchemaSteps(source, logger)
            .Take(schema, [.. Migration.Embedded("Migrations")], token), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
