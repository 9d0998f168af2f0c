using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>A filter looks at so much of a lead, whoever wrote it, and holds up nobody else meanwhile.</summary>
public sealed class LongLeadTests
{
    private const int Most = FilterCondition.MostCharacters;

    [Theory]
    [InlineData(FilterOperator.Contains, 0, true)]
    [InlineData(FilterOperator.Contains, Most - 3, true)]
    [InlineData(FilterOperator.Contains, Most - 2, false)]
    [InlineData(FilterOperator.Contains, 500_000, false)]
    [InlineData(FilterOperator.StartsWith, 0, true)]
    [InlineData(FilterOperator.Is, 0, false)]
    public void Text_IsLookedAt_AsFarAsTheBound(FilterOperator comparison, int at, bool fits) =>
        Assert.Equal(fits, Takes(new { notes = $"{new string('É', at)}Éxy{new string('É', 500_000)}" }, comparison, "éXY"));

    [Theory]
    [InlineData(FilterOperator.Is, 4_999, true)]
    [InlineData(FilterOperator.Is, 5_000, false)]
    [InlineData(FilterOperator.StartsWith, 5_000, false)]
    [InlineData(FilterOperator.AtLeast, 5_000, false)]
    public void List_IsLookedAt_AsFarAsTheBound_OfAllItsItems(FilterOperator comparison, int at, bool fits)
    {
        var item = comparison is FilterOperator.AtLeast ? "0000000000" : "ÉÉÉÉÉÉÉÉÉÉ";
        Assert.Equal(fits, Takes(new { notes = Enumerable.Repeat(item, at).Append("1").Append(item) }, comparison, "1"));
    }

    [Fact]
    public void Beginning_OfAText_IsNotTakenForAllOfIt()
    {
        // The last one is cut at the bound: what is left of it reads like the value.
        var items = Enumerable.Repeat(new string('x', 100), Most / 100 - 1).Append($"{new string('y', 90)}1234567890").Append("12ab");
        Assert.False(Takes(new { notes = items }, FilterOperator.Is, "12"));
        var numbers = Enumerable.Repeat(new string('0', 100), Most / 100 - 1).Append(new string('0', 98)).Append("12345");
        Assert.False(Takes(new { notes = numbers }, FilterOperator.AtLeast, "2"));
        Assert.False(Takes(new { notes = numbers }, FilterOperator.Is, "12"));
        Assert.True(Takes(new { notes = numbers }, FilterOperator.StartsWith, "12"));
    }

    /// <summary>
    /// A hundred destinations take no hundred times as long: those beyond the bound get the lead. The first is always decided.
    /// </summary>
    [Fact]
    public void Filters_OfManyDestinations_LookAtSoMuchTogether()
    {
        var values = Enumerable.Range(0, 50).Select(i => $"{new string('x', 190)}{i}").ToList();
        var filter = new LeadFilter(
            All: false, [.. Enumerable.Range(0, 10).Select(_ => new FilterCondition("notes", FilterOperator.Contains, values))]);
        var destinations = Enumerable.Range(0, 5).Select(_ => Destination("nobody") with { Own = new() { Filter = filter } }).ToArray();
        var compared = PlanFilters.Compared(Event($$"""{"notes":"{{new string('x', Most)}}"}""", destinations));
        Assert.Equal([destinations[0].Id], compared.Unfit);
    }

    [Fact]
    public async Task Batch_GoesByWhatWasFoundBefore_AndLooksAtNoLeadItself()
    {
        var (fits, unfit) = (Destination("Ann"), Destination("Bob"));
        var compared = PlanFilters.Compared(Event("""{"first_name":"Ann"}""", fits, unfit));
        Assert.Equal([unfit.Id], compared.Unfit);

        // What isn't JSON any more can't be compared again.
        var garbled = compared with { Lead = compared.Lead with { Lead = new RawJson("no JSON"u8.ToArray()) } };
        var planned = Assert.Single(await PlanFilters.Apply(null!, [garbled], TestContext.Current.CancellationToken));
        Assert.Equal([fits.Id], planned.Destinations);
        Assert.Equal([unfit.Id], planned.LeftOut);
    }

    [Fact]
    public void Filters_ThatLookAtManyNamesTogether_EndByTakingTheLead()
    {
        var lead = JsonSerializer.SerializeToElement(Enumerable.Range(0, 100_000).ToDictionary(number => $"name {number}", _ => 1));
        Assert.Equal(18, NotTaken(lead, new FilterCondition("notes", FilterOperator.Exists)));
    }

    [Fact]
    public void Filters_ThatReadLongTextsTogether_EndByTakingTheLead()
    {
        // All of it is read, though only its beginning is compared.
        var lead = JsonSerializer.SerializeToElement(new { notes = new string('x', 900_000) });
        Assert.Equal(31, NotTaken(lead, Condition(FilterOperator.StartsWith, "y")));
    }

    [Fact]
    public async Task Preview_EndsInTime_WithTheLeadsThatItHasTried()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(300) };
        var tried = await new FilterPreview(null!, clock).Tried(
            Leads(50), new LeadFilter(All: true, [Condition(FilterOperator.Contains, "x")]), _ => false,
            TestContext.Current.CancellationToken);
        Assert.Equal(6, tried.Count);
        Assert.All(tried, lead => Assert.True(lead.IsTaken));
    }

    [Fact]
    public async Task Preview_ThatNobodyWaitsFor_Ends()
    {
        using var gone = new CancellationTokenSource();
        var looks = 0;
        await Assert.ThrowsAsync<OperationCanceledException>(() => new FilterPreview(null!, new FakeTimeProvider()).Tried(
            Leads(50), new LeadFilter(All: true, [Condition(FilterOperator.Contains, "x")]), _ =>
            {
                if (++looks == 3)
                    gone.Cancel();
                return false;
            }, gone.Token));
        Assert.Equal(3, looks);
    }

    private static IEnumerable<(Guid, DateTimeOffset, byte[])> Leads(int count) =>
        Enumerable.Repeat((Guid.Empty, DateTimeOffset.UnixEpoch, """{"notes":"xyz"}"""u8.ToArray()), count);

    private static PlannedEvent Event(string lead, params Destination[] destinations) => new(
        new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = Guid.NewGuid().ToString("D"),
            AcceptedAt = DateTimeOffset.UnixEpoch, Product = "web", SourceSystem = "Web", Lead = new RawJson(Encoding.UTF8.GetBytes(lead)),
        },
        [.. destinations.Select(one => one.Id)], Unknown: null, IsRedelivery: false)
    {
        Filtered = destinations,
    };

    private static Destination Destination(string firstName) => new(
        Guid.NewGuid(), DestinationKind.Custom, firstName, new Uri("https://a.test"), "p",
        new Signing(SignatureScheme.LeadRouter, "secret", null, null))
    {
        Own = new OwnSettings
        {
            Filter = new LeadFilter(All: true, [new FilterCondition("first_name", FilterOperator.Is, [firstName])]),
        },
    };

    /// <summary>How many filters of that condition look at the lead before all others take it unseen.</summary>
    private static int NotTaken(JsonElement lead, FilterCondition condition)
    {
        var work = new FilterWork(int.MaxValue);
        var filter = new LeadFilter(All: true, [condition]);
        return Enumerable.Range(0, 1000).TakeWhile(_ => !filter.Takes(lead, isDuplicate: false, work)).Count();
    }

    private static bool Takes(object lead, FilterOperator comparison, string value) =>
        Condition(comparison, value).Takes(JsonSerializer.SerializeToElement(lead), isDuplicate: false, new FilterWork(int.MaxValue));

    private static FilterCondition Condition(FilterOperator comparison, string value) => new("notes", comparison, [value]);
}
