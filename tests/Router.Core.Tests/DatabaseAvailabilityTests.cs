using Npgsql;
using Router.Core.Database;

namespace Router.Core.Tests;

public sealed class DatabaseAvailabilityTests
{
    /// <summary>What is about this very row: the lead is put aside, and the others go on.</summary>
    [Theory]
    [InlineData("22001"), InlineData("22003"), InlineData("22007"), InlineData("22008"), InlineData("22021"), InlineData("22P02"),
        InlineData("22P05")]
    [InlineData("23502"), InlineData("23503"), InlineData("23505"), InlineData("23514"), InlineData("54000")]
    public void Answer_AboutTheRow_IsNoOutage(string state) =>
        Assert.False(DatabaseAvailability.IsOutage(Says(state, constraint: "a_check")));

    /// <summary>What is about the server, the role, the schema or a pooler: the lead stays in its queue.</summary>
    [Theory]
    [InlineData("08006"), InlineData("08P01"), InlineData("0A000"), InlineData("2200H"), InlineData("22023"), InlineData("25006"),
        InlineData("25P02"), InlineData("26000")]
    [InlineData("28000"), InlineData("28P01"), InlineData("3D000"), InlineData("3F000"), InlineData("40001"), InlineData("40P01"),
        InlineData("42501"), InlineData("42601")]
    [InlineData("42703"), InlineData("42804"), InlineData("42883"), InlineData("42P01"), InlineData("42P05"), InlineData("53100"),
        InlineData("53200"), InlineData("53300")]
    [InlineData("54001"), InlineData("55000"), InlineData("55P03"), InlineData("57014"), InlineData("57P01"), InlineData("57P03"),
        InlineData("58030"), InlineData("F0000")]
    [InlineData("P0001"), InlineData("XX000"), InlineData("XX001"), InlineData("XX002"), InlineData("ZZZZZ"), InlineData("")]
    public void Answer_AboutAnythingElse_IsAnOutage(string state) => Assert.True(DatabaseAvailability.IsOutage(Says(state)));

    [Fact]
    public void Row_WithoutAPartition_IsAnOutage() => Assert.True(DatabaseAvailability.IsOutage(Says("23514", constraint: null)));

    [Fact]
    public void Connection_Lost_IsAnOutageAndABugIsnt()
    {
        Assert.True(DatabaseAvailability.IsOutage(new NpgsqlException("gone", new IOException())));
        Assert.True(DatabaseAvailability.IsOutage(new TimeoutException()));
        Assert.False(DatabaseAvailability.IsOutage(new InvalidOperationException()));
    }

    private static PostgresException Says(string state, string? constraint = null) =>
        new("no", "ERROR", "ERROR", state, constraintName: constraint);
}
