using System.Text;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class OutgoingBodyTests
{
    private const string Site = "5ead6dd1-2cb9-4f80-80fc-5716b05c90ba";
    private const string Ours =
        "\"action\":\"created\",\"id\":\"L1\",\"site_uuid\":\"5ead6dd1-2cb9-4f80-80fc-5716b05c90ba\","
        + "\"site_domain\":\"www.site.test\",\"site_login_url\":\"https://www.site.test/l/L1\",\"source_system\":\"Web\"";

    private const string Created = "\"created\":\"2015-10-01T06:14:01.597026Z\"";
    private const string Partner = "\"partner_id\":\"P\"";

    [Theory]
    // Behind the lead's own fields where it has none of ours.
    [InlineData("""{}""", $$"""{{{Ours}},{{Created}},{{Partner}}}""")]
    [InlineData("""{"source":"x"}""", $$"""{"source":"x",{{Ours}},{{Created}},{{Partner}}}""")]
    // Numbers, escapes, unknown fields, nested spacing and repeated unknown keys travel as they came.
    [InlineData("""{"price":2.50,"n":1e3,"big":12345678901234567890123}""",
        $$"""{"price":2.50,"n":1e3,"big":12345678901234567890123,{{Ours}},{{Created}},{{Partner}}}""")]
    [InlineData("""{"t":"\u00e9\/é","s":"\ud83d\ude00","lone":"\ud800"}""",
        $$"""{"t":"\u00e9\/é","s":"\ud83d\ude00","lone":"\ud800",{{Ours}},{{Created}},{{Partner}}}""")]
    [InlineData("""{ "a" : { "b" : [ 1 , 2 ] } , "c":null }""",
        $$"""{"a":{ "b" : [ 1 , 2 ] },"c":null,{{Ours}},{{Created}},{{Partner}}}""")]
    [InlineData("""{"x":1,"x":2}""", $$"""{"x":1,"x":2,{{Ours}},{{Created}},{{Partner}}}""")]
    [InlineData("""{"\ud800":1}""", $$"""{"\ud800":1,{{Ours}},{{Created}},{{Partner}}}""")]
    // A given time is the sender's, in its spelling and place; an empty one isn't given.
    [InlineData("""{"created":"2015-10-01T06:14:01Z","source":"x"}""",
        $$"""{"created":"2015-10-01T06:14:01Z","source":"x",{{Ours}},{{Partner}}}""")]
    [InlineData("""{"created":"","source":"x"}""", $$"""{{{Created}},"source":"x",{{Ours}},{{Partner}}}""")]
    [InlineData("""{"created":null}""", $$"""{{{Created}},{{Ours}},{{Partner}}}""")]
    public void Body_OfLead_KeepsItsBytesAndAddsOurs(string lead, string expected) =>
        Assert.Equal(expected, Text(Compose(lead).For("P")));

    [Fact]
    public void Body_LeadHasOurFields_SetsThemInPlaceOnce()
    {
        const string lead = """{"partner_id":"theirs","a":1,"action":"x","id":"","partner_id":"again","site_uuid":7,"\u0061ction":"y"}""";
        Assert.Equal($$"""{"partner_id":"P","a":1,{{Ours}},{{Created}}}""", Text(Compose(lead).For("P")));
    }

    [Fact]
    public void Body_ForTwoDestinations_DiffersOnlyInThePartnerId()
    {
        var body = Compose("""{"source":"x"}""");
        Assert.Equal(Text(body.For("one")).Replace("one", "zwei", StringComparison.Ordinal), Text(body.For("zwei")));
    }

    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("é", "\"é\"")]
    public void Body_PartnerId_IsEscaped(string partnerId, string expected) =>
        Assert.EndsWith($"\"partner_id\":{expected}}}", Text(Compose("{}").For(partnerId)), StringComparison.Ordinal);

    [Fact]
    public void Body_SiteWithoutLoginUrl_DoesNotPassOnTheSenders() =>
        Assert.DoesNotContain("login",
            Text(Compose("""{"site_login_url":"theirs","\u0073ite_login_url":"again"}""", template: null).For("P")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"test":true,"a":1,"test":true}""", "{\"a\":1,")]
    [InlineData("""{"test":"A/B","a":1}""", "{\"test\":\"A/B\",\"a\":1,")]
    public void Body_LeadThatCallsItselfATest_DoesNotPassAsOneOfOurs(string lead, string expected) =>
        Assert.StartsWith(expected, Text(Compose(lead).For("P")), StringComparison.Ordinal);

    [Fact]
    public void Body_OfATestOfOurs_SaysSo() =>
        Assert.StartsWith("""{"test":true,""", Text(Compose("""{"test":true}""", test: LeadTest.Once).For("P")), StringComparison.Ordinal);

    [Theory]
    [InlineData(LeadAction.Updated, "{}", true)]
    [InlineData(LeadAction.Updated, """{"source":null}""", true)]
    [InlineData(LeadAction.Updated, """{"source":" "}""", true)]
    [InlineData(LeadAction.Updated, """{"source":"theirs"}""", false)]
    [InlineData(LeadAction.Updated, """{"source":7}""", false)]
    [InlineData(LeadAction.Updated, """{"source":""}""", false)]
    [InlineData(LeadAction.ActivityAdded, """{"activities":[]}""", true)]
    [InlineData(LeadAction.Created, "{}", false)]
    [InlineData(LeadAction.UserUpdated, "{}", false)]
    public void Body_WithoutSource_GetsTheProductsNameWhenItIsAChange(LeadAction action, string lead, bool expected) =>
        Assert.Equal(expected, Text(Compose(lead, action: action).For("P")).Contains("\"source\":\"Web\"", StringComparison.Ordinal));

    [Theory]
    [InlineData(LeadAction.Created, true)]
    [InlineData(LeadAction.Updated, false)]
    [InlineData(LeadAction.ActivityAdded, false)]
    [InlineData(LeadAction.UserUpdated, false)]
    [InlineData(LeadAction.IntegrationEnabled, false)]
    public void Body_Created_IsSetForNewLeadsOnly(LeadAction action, bool expected) =>
        Assert.Equal(expected, Text(Compose("{}", action: action).For("P")).Contains("\"created\":", StringComparison.Ordinal));

    [Theory]
    [InlineData("https://s.test/{lead_id}", "a27c20af", "https://s.test/a27c20af")]
    [InlineData("https://s.test/?a={lead_id}&b={lead_id}", "1", "https://s.test/?a=1&b=1")]
    [InlineData("https://s.test/fixed", "1", "https://s.test/fixed")]
    [InlineData("https://s.test/{lead_id}", "a&b", "https://s.test/a%26b")]
    public void LoginUrl_OfTemplate_HoldsTheLeadId(string template, string leadId, string expected) =>
        Assert.Equal(expected, LoginUrl.Of(template, leadId));

    private static OutgoingBody Compose(
        string lead, string? template = "https://www.site.test/l/{lead_id}", LeadAction action = LeadAction.Created,
        LeadTest? test = null) =>
            OutgoingBody.Compose(
        new LeadEvent
        {
            EventId = Guid.Empty,
            SiteId = Guid.Parse(Site),
            Action = action,
            Test = test,
            LeadId = "L1",
            AcceptedAt = new DateTimeOffset(2015, 10, 1, 6, 14, 1, 597, 26, TimeSpan.Zero),
            Product = "web",
            SourceSystem = "Web",
            Lead = RawJson.Parse(lead),
        },
        "www.site.test",
        template);

    private static string Text(byte[] body) => Encoding.UTF8.GetString(body);
}
