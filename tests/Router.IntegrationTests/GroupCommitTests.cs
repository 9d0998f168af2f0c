using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Many rows in one commit, some of which Postgres refuses.</summary>
public sealed class GroupCommitTests(TestServers servers)
{
    private const string Table = """
        create table things (id int primary key, name text, constraint not_minus check (id >= 0));
        create function refuse() returns trigger language plpgsql as $$
        begin
            raise exception 'refused' using errcode = substr(new.name, 5);
        end $$;
        create trigger refuse before insert on things for each row when (new.name like 'say %') execute function refuse();
        """;

    [Theory]
    [InlineData(7, "a\0b", false)]
    [InlineData(-7, "a check", false)]
    [InlineData(7, "say XX000", true)]
    [InlineData(7, "say 42501", true)]
    [InlineData(7, "say P0001", true)]
    public async Task Row_ThatIsRefused_TakesNoneOfItsNeighboursAlong(int id, string name, bool isOutage)
    {
        await using var writer = await Writer.Start(servers);
        var bad = writer.Add((id, name));
        var good = Enumerable.Range(100, 400).Select(number => writer.Add((number, "good"))).ToList();
        await Task.WhenAll(good).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => bad.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(isOutage, DatabaseAvailability.IsOutage(refused));
        Assert.Equal(400, await writer.Database.QuerySingleAsync<int>("select count(*)::int from things"));
        Assert.True(writer.Statements < 60, $"{writer.Statements} statements: that isn't by halves");
        await writer.Add((1000, "good")).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Row_AloneWithWhatTheServerSays_DoesNotHoldUpThoseBehindIt()
    {
        await using var writer = await Writer.Start(servers);
        var bad = writer.Add((7, "say XX000"));
        await Eventually.True(() => writer.Statements > 1, "it is tried again");
        await writer.Add((8, "good")).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<PostgresException>(() => bad.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Table_ThatIsAway_IsWaitedForWithoutAFlood()
    {
        await using var writer = await Writer.Start(servers);
        await writer.Database.ExecuteAsync("alter table things rename to elsewhere");
        var rows = Enumerable.Range(1, 300).Select(number => writer.Add((number, "good"))).ToList();
        await Eventually.True(() => writer.Statements >= 6, "it is tried again");
        Assert.All(rows, row => Assert.False(row.IsCompleted));
        Assert.True(writer.Statements < 60, $"{writer.Statements} statements");
        await writer.Database.ExecuteAsync("alter table elsewhere rename to things");
        await Task.WhenAll(rows).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private sealed class Writer : GroupCommit<(int Id, string Name), int>, IAsyncDisposable
    {
        private readonly NpgsqlDataSource _source;
        private int _statements;

        private Writer(NpgsqlDataSource source)
            : base(new DatabaseAvailability(TimeProvider.System, NullLogger<DatabaseAvailability>.Instance),
                TimeSpan.FromMilliseconds(300)) => _source = source;

        public required NpgsqlConnection Database { get; init; }

        public int Statements => _statements;

        public static async Task<Writer> Start(TestServers servers)
        {
            var source = NpgsqlDataSource.Create(Postgres.ConnectionString(new Uri(await servers.CreateDatabase())));
            var writer = new Writer(source) { Database = await source.OpenConnectionAsync() };
            await writer.Database.ExecuteAsync(Table);
            await writer.StartAsync(CancellationToken.None);
            return writer;
        }

        public Task<int> Add((int Id, string Name) row) => Commit(row);

        public async ValueTask DisposeAsync()
        {
            await StopAsync(CancellationToken.None);
            await Database.DisposeAsync();
            await _source.DisposeAsync();
            Dispose();
        }

        protected override async ValueTask<IReadOnlyList<int>> Write(
            IReadOnlyList<(int Id, string Name)> rows, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _statements);
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("insert into things (id, name) select * from unnest($1, $2)", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = rows.Select(row => row.Id).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
            command.Parameters.Add(new NpgsqlParameter { Value = rows.Select(row => row.Name).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            await command.ExecuteNonQueryAsync(cancellationToken);
            return [.. rows.Select(row => row.Id)];
        }
    }
}
