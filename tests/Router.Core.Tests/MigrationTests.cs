using Router.Core.Database;

namespace Router.Core.Tests;

public sealed class MigrationTests
{
    [Fact]
    public void Migration_WithoutMarks_IsForAllHostsAndOneTransaction()
    {
        var plain = new Migration("0001_a.sql", "alter table a add b int;\n-- for hosts that know: this isn't at its beginning\n");
        Assert.Null(plain.Needs);
        Assert.False(plain.IsWithoutTransaction);
    }

    [Fact]
    public void Migration_WithMarks_SaysWhatItNeedsAndHowItRuns()
    {
        var marked = new Migration("0003_c.sql", """
            -- Nobody uses it any more.
            -- for hosts that know: 0002_b.sql
            -- without a transaction
            drop index concurrently if exists a;
            create index concurrently if not exists b on c (d)
                where e;

            """);
        Assert.Equal("0002_b.sql", marked.Needs);
        Assert.True(marked.IsWithoutTransaction);
        Assert.Equal(2, marked.Statements.Count);
        Assert.EndsWith("where e", marked.Statements[1], StringComparison.Ordinal);
    }

    /// <summary>The order of the names is the order of the steps; what is needed was there before.</summary>
    [Fact]
    public void Migrations_OfThisVersion_AreNumberedAndNeedEarlierOnes()
    {
        var all = Migration.Embedded("Migrations").ToList();
        Assert.All(all, migration => Assert.Matches("^[0-9]{4}_[a-z0-9_]+\\.sql$", migration.Name));
        Assert.All(all.Where(migration => migration.Needs is not null), migration =>
            Assert.Contains(all, other => other.Name == migration.Needs && string.CompareOrdinal(other.Name, migration.Name) < 0));
    }
}
