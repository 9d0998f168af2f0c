using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class IdempotencyKeyTests
{
    private static readonly Guid Site = Guid.Parse("5ead6dd1-2cb9-4f80-80fc-5716b05c90ba");
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 13, 30, 0, TimeSpan.Zero);

    [Fact]
    public void EventIds_OfTheNextDay_KnowTodays() =>
        Assert.Equal(EventIds("key", Now).Today, EventIds("key", Now.AddDays(1)).Yesterday);

    [Theory]
    [InlineData(0, 10, true)]
    [InlineData(0, -13, true)]
    [InlineData(1, 0, false)]
    public void EventIds_OfOneDay_AreOne(int days, int hours, bool same) =>
        Assert.Equal(same, EventIds("key", Now).Today == EventIds("key", Now.AddDays(days).AddHours(hours)).Today);

    [Fact]
    public void EventIds_OfAnotherProductSiteOrKey_Differ()
    {
        var id = EventIds("key", Now).Today;
        Assert.NotEqual(id, IdempotencyKey.EventIds("other", Site, "key", Now).Today);
        Assert.NotEqual(id, IdempotencyKey.EventIds("web", Guid.Empty, "key", Now).Today);
        Assert.NotEqual(id, EventIds("other", Now).Today);
    }

    [Fact]
    public void EventIds_SortAmongOthersByTheirDay()
    {
        var id = EventIds("key", Now).Today.ToString();
        Assert.Equal('8', id[14]);
        Assert.True(string.CompareOrdinal(id, Guid.CreateVersion7(Now).ToString()) < 0);
        Assert.True(string.CompareOrdinal(id, Guid.CreateVersion7(Now.AddHours(-14)).ToString()) > 0);
    }

    [Theory]
    [InlineData("k", true)]
    [InlineData("Müller-17", true)]
    [InlineData("", false)]
    [InlineData("a\nb", false)]
    public void Key_Valid_IsPrintable(string key, bool valid) => Assert.Equal(valid, IdempotencyKey.IsValid(key));

    private static (Guid Today, Guid Yesterday) EventIds(string key, DateTimeOffset now) => IdempotencyKey.EventIds("web", Site, key, now);
}
