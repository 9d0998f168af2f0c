using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class AdviceTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Errors_AllThereAre_HaveWordsAndAdvice()
    {
        foreach (var error in Enum.GetValues<AttemptError>())
        {
            var code = new Answer { Error = error }.ErrorCode!;
            Assert.DoesNotContain('_', Advice.Summary(null, code));
            Assert.NotNull(Advice.WhatToDo(null, code, Quick));
        }
    }

    [Theory]
    [InlineData("token_endpoint_401", "token endpoint answered 401", "client secret")]
    [InlineData("token_endpoint_302", "token endpoint answered 302", "redirect")]
    [InlineData("token_endpoint_404", "token endpoint answered 404", "token URL")]
    [InlineData("token_endpoint_503", "token endpoint answered 503", "problem of its own")]
    [InlineData("token_endpoint_connection_refused", "token endpoint: connection refused", "not the receiver")]
    [InlineData("token_endpoint_address_not_allowed", "token endpoint: address is not allowed", "not the receiver")]
    [InlineData("token_endpoint_no_token", "token endpoint: answer without a usable token", "token URL")]
    public void TokenEndpoints_ByWhatTheyAnswer_SayWhatToDo(string error, string summary, string advice)
    {
        Assert.Equal(summary, Advice.Summary(null, error));
        Assert.Contains(advice, Advice.WhatToDo(null, error, Quick), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "answered 200", null)]
    [InlineData(302, "answered 302", "redirect")]
    [InlineData(401, "answered 401", "secret here is exactly")]
    [InlineData(404, "answered 404", "nothing at this path")]
    [InlineData(406, "refused this lead (406)", "not sent again")]
    [InlineData(410, "wants no more leads (410)", "switched this destination off")]
    [InlineData(422, "answered 422", "Partner ID")]
    [InlineData(500, "answered 500", "problem of its own")]
    public void Answers_ByStatus_SayWhatToDo(int status, string summary, string? advice)
    {
        Assert.Equal(summary, Advice.Summary(status, null));
        if (advice is null)
            Assert.Null(Advice.WhatToDo(status, null, Quick));
        else
            Assert.Contains(advice, Advice.WhatToDo(status, null, Quick), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301, "Location: https://www.a.test/x", "redirect to https://www.a.test/x, which")]
    [InlineData(302, "Server: x\nLocation: /thanks", "redirect to /thanks, which")]
    [InlineData(302, "Location: /thanks", "let it answer 200 instead")]
    [InlineData(307, null, "redirect, which")]
    [InlineData(401, "WWW-Authenticate: Basic realm=\"x\"", "sign-in (Basic)")]
    [InlineData(401, "Server: x", "secret")]
    [InlineData(403, "Content-Type: text/html; charset=UTF-8\nServer: cloudflare", "firewall (cloudflare)")]
    [InlineData(403, "Content-Type: application/json", "secret")]
    public void Answers_ByTheirHeaders_SayWhatFits(int status, string? headers, string advice) =>
        Assert.Contains(advice, Advice.WhatToDo(status, null, Quick, headers), StringComparison.Ordinal);

    [Fact]
    public void Answer_GoodButSlow_IsAdvisedToAnswerFirst() =>
        Assert.Contains("2.5 seconds", Advice.WhatToDo(204, null, TimeSpan.FromSeconds(2.5)), StringComparison.Ordinal);

    [Theory]
    [InlineData(LeadTest.WrongSignature, 1, 401, null)]
    [InlineData(LeadTest.WrongSignature, 1, 200, "forged leads")]
    [InlineData(LeadTest.WrongSignature, 1, 500, "should be answered with 401")]
    [InlineData(LeadTest.Twice, 2, 409, "X-Lead-Router-Message-Id")]
    [InlineData(LeadTest.Twice, 1, 401, "secret here is exactly")]
    [InlineData(LeadTest.Once, 1, 204, null)]
    public void Checks_ByTest_SayWhatToDo(LeadTest test, int number, int status, string? advice)
    {
        var result = status is >= 200 and <= 299 ? "delivered" : "failed";
        var said = Advice.OnCheck(test, new AttemptRow(number, DateTimeOffset.UnixEpoch, 1000, result, status, null, null, 0));
        if (advice is null)
            Assert.Null(said);
        else
            Assert.Contains(advice, said, StringComparison.Ordinal);
    }
}
