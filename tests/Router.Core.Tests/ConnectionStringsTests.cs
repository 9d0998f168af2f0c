using Router.Core.Database;

namespace Router.Core.Tests;

public sealed class ConnectionStringsTests
{
    [Theory]
    [InlineData("postgres://u:p@h:5433/d", "Host=h;Port=5433;Database=d;Username=u;Password=p")]
    [InlineData("postgresql://u:p%40%3A@h/d", "Host=h;Port=5432;Database=d;Username=u;Password=p@:")]
    [InlineData("postgres://u@h/d?sslmode=verify-full", "Host=h;Port=5432;Database=d;Username=u;SSL Mode=VerifyFull")]
    [InlineData("Host=h;Database=d", "Host=h;Database=d")]
    public void Url_OfPostgres_IsUnderstood(string text, string expected) =>
        Assert.Equal(expected, ConnectionStrings.Parse(text).ConnectionString);

    [Theory]
    [InlineData("postgres://u:SECRET@h:port/d")]
    [InlineData("postgres://u:SECRET@h/d?nonsense=1")]
    [InlineData("Host=h;Pass word=SECRET")]
    public void Url_ThatIsWrong_IsRefusedWithoutRepeatingIt(string text)
    {
        var refused = Assert.Throws<ArgumentException>(() => ConnectionStrings.Parse(text));
        Assert.DoesNotContain("SECRET", refused.ToString(), StringComparison.Ordinal);
    }
}
