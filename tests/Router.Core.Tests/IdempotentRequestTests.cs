using System.Text;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class IdempotentRequestTests
{
    private static readonly Guid Site = Guid.Parse("5ead6dd1-2cb9-4f80-80fc-5716b05c90ba");
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 13, 30, 0, TimeSpan.Zero);

    [Fact]
    public void EventIds_OfTheNextDay_KnowTodays() =>
        Assert.Equal(Request().EventIds(Now).Id, Request().EventIds(Now.AddDays(1)).DayBefore);

    [Theory]
    [InlineData(0, 10, true)]
    [InlineData(0, -13, true)]
    [InlineData(1, 0, false)]
    public void EventIds_OfOneDay_AreOne(int days, int hours, bool same) =>
        Assert.Equal(same, Request().EventIds(Now).Id == Request().EventIds(Now.AddDays(days).AddHours(hours)).Id);

    [Fact]
    public void Requests_ThatDifferInAnything_AreDifferentEvents()
    {
        IdempotentRequest[] requests =
        [
            Request(), Request(product: "other"), Request(site: Guid.Empty), Request(operation: "updateLead"), Request(target: "L"),
            Request(key: "other"),
            Request(body: "{ }"),
        ];
        Assert.Equal(requests.Length, requests.Select(request => request.EventIds(Now).Id).Distinct().Count());
        // All but the last are other requests; that one is the same with another body.
        Assert.Equal(requests.Length - 1, requests.Select(request => request.Identity).Distinct().Count());
    }

    [Fact]
    public void EventIds_SortAmongOthersByTheirDay()
    {
        var id = Request().EventIds(Now).Id.ToString();
        Assert.Equal('8', id[14]);
        Assert.True(string.CompareOrdinal(id, Guid.CreateVersion7(Now).ToString()) < 0);
        Assert.True(string.CompareOrdinal(id, Guid.CreateVersion7(Now.AddHours(-14)).ToString()) > 0);
    }

    [Theory]
    [InlineData("k", true)]
    [InlineData("Müller-17", true)]
    [InlineData("", false)]
    [InlineData("a\nb", false)]
    public void Key_Valid_IsPrintable(string key, bool valid) => Assert.Equal(valid, IdempotentRequest.IsValid(key));

    private static IdempotentRequest Request(
        string product = "web", Guid? site = null, string operation = "createLead", string target = "", string key = "key",
        string body = "{}") =>
        IdempotentRequest.Of(product, site ?? Site, operation, target, key, Encoding.UTF8.GetBytes(body));
}
