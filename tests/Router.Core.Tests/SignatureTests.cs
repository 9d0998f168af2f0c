using System.Text;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class SignatureTests
{
    // Each computed with: printf '%s' BODY | openssl dgst -sha256 -hmac SECRET
    [Theory]
    [InlineData("seekrit", "", "df84492c75966135439c6a92ea01d3c92758bcb6064a99459f8a8cd4eaeeef95")]
    [InlineData("seekrit", "{\"a\":1}", "03f6e737747ec8169bb1c2a7d66cd34fe5d32f697744b71c90fbaba9cf31768d")]
    [InlineData("seekrit", "{\"name\":\"Zażółć gęślą jaźń\",\"price\":2.50}",
        "67f47e0e6bb90c5c8b3d327a85451514c9b839d27878c8d78dff35874786f962")]
    [InlineData("clé ☂", "", "1eba60aac8ffdb3e36cf8f5cd6796f3578fb315daa7ad352496f1ed84fd1421e")]
    [InlineData("clé ☂", "{\"a\":1}", "36681a93188d3e2f84b6404b71c4d4ea5611ed80e7a1301adce288a6f07b42ed")]
    [InlineData("clé ☂", "{\"name\":\"Zażółć gęślą jaźń\",\"price\":2.50}",
        "78c561a7af4e7eb496bce3ea7a5e1c57b143a2e6ef63edd3563539bac745f40a")]
    [InlineData("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "",
        "d46761768ee3c864fc76c08b3d73c8092853ae3fefa01b990963dfa2d56e7334")]
    [InlineData("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "{\"a\":1}",
        "85523e30ced8e107e065ecd5ccebd9549ef50792229069aef8db91c4bd84a4ab")]
    [InlineData("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
        "{\"name\":\"Zażółć gęślą jaźń\",\"price\":2.50}", "73f09561a832814c570297974e5ed27acc0e8f9ece1326bf2aca344aa6d52ec1")]
    public void Signature_OfKnownBody_IsWhatOpensslSays(string secret, string body, string expected) =>
        Assert.Equal(expected, Signature.Of(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Signature_OfAnotherSecret_Differs() =>
        Assert.NotEqual(Signature.Of("a"u8, "{}"u8), Signature.Of("b"u8, "{}"u8));
}
