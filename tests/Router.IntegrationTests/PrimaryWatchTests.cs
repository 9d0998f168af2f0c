using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Router.Core;
using Router.Core.Database;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Each pool has an opinion of its own of which server is the primary.</summary>
public sealed class PrimaryWatchTests
{
    [Fact]
    public async Task OnePool_HasFoundTheNewPrimary_TheOtherOneIsAskedAnewToo()
    {
        await using var pair = await PostgresPair.Start();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddLedger(new ConfigurationBuilder().AddInMemoryCollection(
                new Dictionary<string, string?> { ["Database:ConnectionString"] = await pair.CreateDatabase() }).Build())
            .BuildServiceProvider();
        var flushed = services.GetRequiredService<NpgsqlDataSource>();
        var unflushed = services.GetRequiredKeyedService<NpgsqlDataSource>(Databases.Unflushed);

        await using (var old = await flushed.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await old.ExecuteAsync("alter system set default_transaction_read_only = on");
            await old.ExecuteAsync("select pg_reload_conf()");
        }

        // Both are to ask anew. This pool does so just before there is a new primary; the other one, in the watch, just after.
        services.GetRequiredService<DatabaseHosts>().AskAnew();
        await Eventually.True(async () => !await IsWritable(unflushed), "one pool knows no primary");
        await pair.Promote();
        using var watch = ActivatorUtilities.CreateInstance<PrimaryWatch>(services);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.True(() => IsWritable(flushed), "one pool has the new primary");
        await Eventually.True(() => IsWritable(unflushed), "the other one has it too");
    }

    private static async Task<bool> IsWritable(NpgsqlDataSource pool)
    {
        try
        {
            await using var connection = await pool.OpenConnectionAsync();
            return !await connection.ExecuteScalarAsync<bool>(PrimaryWatch.IsReadOnly);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
