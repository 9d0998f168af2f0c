using System.Text;
using Router.Core.Deliveries;
using Router.Core.Mapping;

namespace Router.Core.Tests;

public sealed class AnswerRulesTests
{
    private const string No = """{"success": false, "errors": [{"code": "E1", "message": "no such agent"}], "count": 0}""";

    [Theory]
    [InlineData("""{"means": "refused", "status": "204", "reason": "r"}""", 204, "", AnswerMeaning.Refused)]
    [InlineData("""{"means": "refused", "status": "204", "reason": "r"}""", 200, "", null)]
    [InlineData("""{"means": "failed", "status": "2xx", "field": "success", "values": ["false"]}""", 200, No, AnswerMeaning.Failed)]
    [InlineData("""{"means": "failed", "status": "2xx", "field": "success", "values": ["true"]}""", 200, No, null)]
    [InlineData("""{"means": "failed", "status": "2xx", "field": "success", "values": ["false"]}""", 200, "<html>", null)]
    [InlineData(
        """{"means": "delivered", "status": "400-409", "field": "errors.code", "values": ["e1"]}""", 409, No, AnswerMeaning.Delivered)]
    [InlineData("""{"means": "delivered", "status": "400-409", "field": "errors.code", "values": ["e1"]}""", 410, No, null)]
    [InlineData("""{"means": "failed", "field": "errors.code"}""", 200, No, AnswerMeaning.Failed)]
    [InlineData("""{"means": "failed", "field": "errors.detail"}""", 200, No, null)]
    [InlineData("""{"means": "failed", "field": "count", "values": ["0"]}""", 200, No, AnswerMeaning.Failed)]
    public void Rule_FitsAnAnswer_ByStatusAndField(string rule, int status, string body, AnswerMeaning? meaning) =>
        Assert.Equal(meaning, Rules($"[{rule}]").Of(status, Encoding.UTF8.GetBytes(body))?.Means);

    [Theory]
    [InlineData(99, true)]
    [InlineData(100, false)]
    public void Items_OfAList_AreLookedAtUpToAHundred(int before, bool fits)
    {
        var answer = $$"""{"errors": [{{string.Concat(Enumerable.Repeat("1,", before))}}"no"]}""";
        var rules = Rules("""[{"means": "failed", "field": "errors", "values": ["no"]}]""");
        Assert.Equal(fits, rules.Of(200, Encoding.UTF8.GetBytes(answer)) is not null);
    }

    [Fact]
    public void FirstRule_ThatFits_Counts()
    {
        var rules = Rules("""
            [{"means": "refused", "field": "errors.code", "values": ["E2"], "reason": "two"},
             {"means": "refused", "field": "errors.code", "values": ["E1"], "reason": "It says no.", "reason_field": "errors.message"},
             {"means": "failed", "status": "200"}]
            """);
        Assert.Equal((AnswerMeaning.Refused, "It says no: no such agent"), rules.Of(200, Encoding.UTF8.GetBytes(No)));
        Assert.Equal((AnswerMeaning.Failed, null), rules.Of(200, "{}"u8.ToArray()));
        Assert.Null(rules.Of(201, "{}"u8.ToArray()));
    }

    [Theory]
    [InlineData("""{"means": "refused", "status": "204"}""", "needs a reason")]
    [InlineData("""{"means": "failed"}""", "a status, a field")]
    [InlineData("""{"status": "5xx"}""", "says what the answer means")]
    [InlineData("""{"means": "failed", "status": "20x"}""", "no status")]
    [InlineData("""{"means": "failed", "status": "200", "field": "a b"}""", "no field of JSON")]
    [InlineData("""{"means": "failed", "status": "200", "values": ["1"]}""", "field that they stand in")]
    public void Rule_ThatCannotBe_SaysWhy(string rule, string problem) =>
        Assert.Contains(problem, AnswerRules.Problem(AnswerRules.Parse($"[{rule}]")!), StringComparison.Ordinal);

    [Theory]
    [InlineData(AnswerMeaning.Delivered, 500, AttemptResult.Delivered)]
    [InlineData(AnswerMeaning.Refused, 204, AttemptResult.Rejected)]
    [InlineData(AnswerMeaning.Failed, 200, AttemptResult.Failed)]
    [InlineData(AnswerMeaning.Refused, 410, AttemptResult.Rejected)]
    public void Outcome_OfAnAnswerWithARule_IsTheRules(AnswerMeaning meaning, int status, AttemptResult result)
    {
        var answer = new Answer { Status = status, Meaning = meaning };
        Assert.Equal(result, Outcome.Of(answer));
        Assert.False(Outcome.DeactivatesDestination(answer));
    }

    private static AnswerRules Rules(string rules)
    {
        Assert.Null(AnswerRules.Problem(AnswerRules.Parse(rules)!));
        return AnswerRules.Read(rules)!;
    }
}
