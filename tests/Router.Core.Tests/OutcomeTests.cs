using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class OutcomeTests
{
    [Theory]
    [InlineData(200, AttemptResult.Delivered)]
    [InlineData(201, AttemptResult.Delivered)]
    [InlineData(204, AttemptResult.Delivered)]
    [InlineData(299, AttemptResult.Delivered)]
    [InlineData(406, AttemptResult.Rejected)]
    [InlineData(410, AttemptResult.Rejected)]
    [InlineData(199, AttemptResult.Failed)]
    [InlineData(300, AttemptResult.Failed)]
    [InlineData(301, AttemptResult.Failed)]
    [InlineData(302, AttemptResult.Failed)]
    [InlineData(307, AttemptResult.Failed)]
    [InlineData(400, AttemptResult.Failed)]
    [InlineData(401, AttemptResult.Failed)]
    [InlineData(404, AttemptResult.Failed)]
    [InlineData(409, AttemptResult.Failed)]
    [InlineData(429, AttemptResult.Failed)]
    [InlineData(500, AttemptResult.Failed)]
    [InlineData(503, AttemptResult.Failed)]
    [InlineData(999, AttemptResult.Failed)]
    public void Outcome_OfStatus_IsTheContracts(int status, AttemptResult expected) =>
        Assert.Equal(expected, Outcome.Of(new Answer { Status = status }));

    [Theory]
    [InlineData(AttemptError.DnsFailure, "dns_failure")]
    [InlineData(AttemptError.ConnectionRefused, "connection_refused")]
    [InlineData(AttemptError.ConnectionFailed, "connection_failed")]
    [InlineData(AttemptError.ConnectTimeout, "connect_timeout")]
    [InlineData(AttemptError.TlsFailure, "tls_failure")]
    [InlineData(AttemptError.TlsNotSpoken, "tls_not_spoken")]
    [InlineData(AttemptError.TlsVersion, "tls_version")]
    [InlineData(AttemptError.CertificateExpired, "certificate_expired")]
    [InlineData(AttemptError.CertificateWrongHost, "certificate_wrong_host")]
    [InlineData(AttemptError.CertificateChainIncomplete, "certificate_chain_incomplete")]
    [InlineData(AttemptError.CertificateSelfSigned, "certificate_self_signed")]
    [InlineData(AttemptError.Timeout, "timeout")]
    [InlineData(AttemptError.ConnectionLost, "connection_lost")]
    [InlineData(AttemptError.InvalidResponse, "invalid_response")]
    [InlineData(AttemptError.UrlNotAllowed, "url_not_allowed")]
    [InlineData(AttemptError.AddressNotAllowed, "address_not_allowed")]
    [InlineData(AttemptError.CertificateWeak, "certificate_weak")]
    [InlineData(AttemptError.ProxyUnreachable, "proxy_unreachable")]
    [InlineData(AttemptError.ProxyAuthentication, "proxy_authentication")]
    [InlineData(AttemptError.ProxyRefused, "proxy_refused")]
    [InlineData(AttemptError.ProxyNoConnection, "proxy_no_connection")]
    public void Outcome_OfNoAnswer_IsFailedWithACode(AttemptError error, string code)
    {
        var answer = new Answer { Error = error };
        Assert.Equal(AttemptResult.Failed, Outcome.Of(answer));
        Assert.Equal(code, answer.ErrorCode);
    }

    [Fact]
    public void Reason_OfAnyReceiver_CanBeRecorded()
    {
        Assert.Equal("x y", new Answer { Reason = "x\0y" }.Reason);
        Assert.Equal("a b", new Answer { Reason = "a\r\nb" }.Reason);
        Assert.Equal("half \ufffd", new Answer { Reason = "half " + '\ud83d' }.Reason);
        Assert.Equal(Answer.LongestReason, new Answer { Reason = new string('x', 10_000) }.Reason!.Length);
    }

    [Theory]
    [InlineData(410, true)]
    [InlineData(406, false)]
    [InlineData(404, false)]
    [InlineData(200, false)]
    public void Outcome_OnlyGone_DeactivatesTheDestination(int status, bool expected) =>
        Assert.Equal(expected, Outcome.DeactivatesDestination(new Answer { Status = status }));

    [Theory]
    [InlineData(429, true)]
    [InlineData(503, true)]
    [InlineData(500, false)]
    [InlineData(301, false)]
    public void Outcome_RetryAfter_CountsOnlyWhereTheContractSays(int status, bool counts)
    {
        var answer = new Answer { Status = status, RetryAfter = TimeSpan.FromMinutes(7) };
        Assert.Equal(counts ? TimeSpan.FromMinutes(7) : null, Outcome.RetryAfter(answer));
    }
}
