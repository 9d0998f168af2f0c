using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Nobody adds a column that could hold something of a person without saying what it holds.</summary>
public sealed class KeptColumnTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    [Fact]
    public async Task Columns_OfTextBytesAndJson_SayWhatTheyHold()
    {
        await using var database = await shared.Router.OpenDatabase();
        Assert.Empty(Unmarked(await Columns(database)));

        // Another one is noticed.
        await database.ExecuteAsync("create table nobody_said (id bigint, name text)");
        Assert.Equal(["nobody_said.name"], Unmarked(await Columns(database)));
        await database.ExecuteAsync("drop table nobody_said");
    }

    private static IEnumerable<string> Unmarked(List<string> columns) =>
        columns.Except(KeptColumns.All().Select(column => $"{column.Table}.{column.Name}"), StringComparer.Ordinal);

    // Partitions are like their tables; the list of migrations is made by the code that takes them, and holds names of files.
    private static async Task<List<string>> Columns(NpgsqlConnection database) => (await database.QueryAsync<string>(
        """
        select table_name || '.' || column_name from information_schema.columns c
        join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace
        where c.table_schema = 'public' and t.relkind in ('r', 'p') and not t.relispartition and c.table_name <> 'schema_migrations'
          and (c.data_type in ('text', 'character varying', 'jsonb', 'json', 'bytea', 'xml')
               or c.udt_name in ('_text', '_varchar', '_bytea'))
        """)).AsList();
}
