using System.Text.Json;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class LeadFilterTests
{
    private const string Lead = """
        {"source": "Open House", "zip": 96815, "city": " Honolulu ", "tags": ["vip", "Cash buyer"], "notes": "", "phone": null,
         "agent": true,
         "activities": [
            {"type": "property_viewed", "property": {"list_price": "$725,000.00", "beds": 3}},
            {"type": "valuation_inquiry", "property": {"list_price": 450000}}]}
        """;

    [Theory]
    [InlineData("source", FilterOperator.Is, "open house", true)]
    [InlineData("source", FilterOperator.Is, "Website|Open House", true)]
    [InlineData("source", FilterOperator.Is, "Open", false)]
    [InlineData("source", FilterOperator.Contains, "house", true)]
    [InlineData("source", FilterOperator.StartsWith, "OPEN", true)]
    [InlineData("source", FilterOperator.StartsWith, "House", false)]
    [InlineData("zip", FilterOperator.StartsWith, "968", true)]
    [InlineData("zip", FilterOperator.Is, "96815", true)]
    [InlineData("zip", FilterOperator.AtLeast, "96815", true)]
    [InlineData("zip", FilterOperator.AtMost, "96814", false)]
    [InlineData("city", FilterOperator.Is, "honolulu", true)]
    [InlineData("tags", FilterOperator.Is, "VIP", true)]
    [InlineData("tags", FilterOperator.Contains, "cash", true)]
    [InlineData("tags", FilterOperator.Is, "cash", false)]
    [InlineData("agent", FilterOperator.Is, "true", true)]
    [InlineData("activities.type", FilterOperator.Is, "valuation_inquiry", true)]
    [InlineData("activities.type", FilterOperator.Is, "saved_search", false)]
    [InlineData("activities.property.list_price", FilterOperator.AtLeast, "700000", true)]
    [InlineData("activities.property.list_price", FilterOperator.AtLeast, "800000", false)]
    [InlineData("activities.property.list_price", FilterOperator.AtMost, "450,000", true)]
    [InlineData("source", FilterOperator.AtLeast, "1", false)]
    public void Condition_OnAField_FitsWhereItSaysSo(string field, FilterOperator comparison, string values, bool fits) =>
        Assert.Equal(fits, Takes(new FilterCondition(field, comparison, values.Split('|'), Missing: false)));

    [Theory]
    [InlineData("notes")]
    [InlineData("phone")]
    [InlineData("role")]
    [InlineData("activities.agent.name")]
    [InlineData("source.deeper")]
    public void Condition_OnAFieldThatIsntThere_FitsUnlessItSaysOtherwise(string field)
    {
        Assert.True(Takes(new FilterCondition(field, FilterOperator.Is, ["x"])));
        Assert.False(Takes(new FilterCondition(field, FilterOperator.Is, ["x"], Missing: false)));
        Assert.False(Takes(new FilterCondition(field, FilterOperator.Exists)));
        Assert.True(Takes(new FilterCondition("tags", FilterOperator.Exists)));
    }

    [Fact]
    public void Filter_OfSeveralConditions_WantsAllOrAny()
    {
        FilterCondition[] conditions = [new("source", FilterOperator.Is, ["Open House"]), new("zip", FilterOperator.Is, ["1"])];
        using var lead = JsonDocument.Parse(Lead);
        Assert.False(new LeadFilter(All: true, conditions).Takes(lead.RootElement));
        Assert.True(new LeadFilter(All: false, conditions).Takes(lead.RootElement));
    }

    [Theory]
    [InlineData("", FilterOperator.Is, "x")]
    [InlineData("a b", FilterOperator.Is, "x")]
    [InlineData("a..b", FilterOperator.Is, "x")]
    [InlineData("a.b.c.d.e.f", FilterOperator.Is, "x")]
    [InlineData("source", FilterOperator.Is, "")]
    [InlineData("source", FilterOperator.Exists, "x")]
    [InlineData("zip", FilterOperator.AtLeast, "many")]
    [InlineData("zip", FilterOperator.AtLeast, "1|2")]
    [InlineData("source", (FilterOperator)99, "x")]
    public void Condition_ThatCannotBe_SaysWhy(string field, FilterOperator comparison, string values) =>
        Assert.NotNull(new FilterCondition(field, comparison, values.Length == 0 ? [] : values.Split('|')).Problem);

    [Fact]
    public void Filter_StoredAndRead_IsTheSame()
    {
        var filter = new LeadFilter(All: false, [new("activities.type", FilterOperator.StartsWith, ["val", "prop"], Missing: false)]);
        var stored = filter.ToJson();
        Assert.Contains("\"operator\":\"starts_with\"", stored, StringComparison.Ordinal);
        var read = LeadFilter.Parse(stored)!;
        Assert.Equal(stored, read.ToJson());
        Assert.Null(read.Problem);
        Assert.Null(LeadFilter.Parse(null));
        Assert.NotNull(new LeadFilter(true, [.. Enumerable.Repeat(new FilterCondition("a", FilterOperator.Exists), 11)]).Problem);
    }

    [Theory]
    [InlineData("duplicate", "true", true, true)]
    [InlineData("Duplicate", "TRUE", false, false)]
    [InlineData("duplicate", "false", false, true)]
    [InlineData("duplicate", "false", true, false)]
    public void Duplicate_IsWhatTheRouterSays_NotTheLead(string field, string value, bool isDuplicate, bool fits)
    {
        using var lead = JsonDocument.Parse("""{"duplicate": "maybe"}""");
        var condition = new FilterCondition(field, FilterOperator.Is, [value]);
        Assert.Null(condition.Problem);
        Assert.Equal(fits, new LeadFilter(All: true, [condition]).Takes(lead.RootElement, isDuplicate));
        Assert.True(LeadFilter.Parse(new LeadFilter(All: true, [condition]).ToJson())!.AsksForDuplicates);
    }

    [Theory]
    [InlineData(FilterOperator.Is, "maybe")]
    [InlineData(FilterOperator.Is, "true|false")]
    [InlineData(FilterOperator.Contains, "true")]
    [InlineData(FilterOperator.Exists, "")]
    public void Duplicate_ComparedOtherwise_IsAProblem(FilterOperator comparison, string values) => Assert.Equal(
        "The condition on duplicate compares by is, and its value is true or false.",
        new FilterCondition("duplicate", comparison, values.Split('|', StringSplitOptions.RemoveEmptyEntries)).Problem);

    private static bool Takes(FilterCondition condition)
    {
        Assert.Null(condition.Problem);
        using var lead = JsonDocument.Parse(Lead);
        return condition.Takes(lead.RootElement, isDuplicate: false, new FilterWork(int.MaxValue));
    }
}
