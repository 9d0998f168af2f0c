using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class LeadContactTests
{
    [Theory]
    [InlineData("Ann@Mail.test", " ann@mail.TEST ", true)]
    [InlineData("ann@mail.test", "anne@mail.test", false)]
    [InlineData("", " ", true)]
    public void Email_WrittenOtherwise_IsTheSame(string one, string other, bool same) => Assert.Equal(
        same, Equals(LeadContact.Of(new LeadPerson("", "", one, ""))?.Email, LeadContact.Of(new LeadPerson("", "", other, ""))?.Email));

    [Theory]
    [InlineData("(808) 555-0117", "+1 808 555 0117", true)]
    [InlineData("808.555.0117", "1-808-555-0117 x12", true)]
    [InlineData("808 555 0117 ext. 3", "8085550117", true)]
    [InlineData("00 49 170 1234567", "+49 (170) 123 45 67", true)]
    [InlineData("+49 1701234567", "0170 1234567", true)]
    [InlineData("\uFF18\uFF10\uFF18 555 0117", "808 555 0117", true)]
    [InlineData("555-0117", "5550117", true)]
    [InlineData("808 555 0117", "808 555 0118", false)]
    public void Phone_WrittenOtherwise_IsTheSame(string one, string other, bool same)
    {
        var (first, second) = (Of("Ann", "Keo", one), Of("Ann", "Keo", other));
        Assert.NotNull(first);
        Assert.Equal(same, first == second);
    }

    [Theory]
    [InlineData("Ann", "Keo", "ANN ", "keo", true)]
    [InlineData("Ann", "Keo", "Ann Keo", "", true)]
    [InlineData("Mary-Jane", "O'Neil", "mary jane", "Oneil", true)]
    [InlineData("REN\u00C9", "K", "Ren\u00E9", "K", true)]
    [InlineData("\u0928\u093F", "K", "\u0928", "K", false)]
    [InlineData("Ann", "Keo", "Ana", "Keo", false)]
    public void Name_WrittenOtherwise_IsTheSame(string first, string last, string otherFirst, string otherLast, bool same) =>
        Assert.Equal(same, Of(first, last, "808 555 0117") == Of(otherFirst, otherLast, "808 555 0117"));

    [Theory]
    [InlineData("Ann", "none")]
    [InlineData("Ann", "123")]
    [InlineData("Ann", "call 9 to 5")]
    [InlineData("", "808 555 0117")]
    [InlineData("--", "808 555 0117")]
    public void Contact_WithoutANumberOrAName_IsNone(string name, string phone) =>
        Assert.Null(LeadContact.Of(new LeadPerson(name, "", "", phone)));

    private static string? Of(string first, string last, string phone) =>
        LeadContact.Of(new LeadPerson(first, last, "", phone))?.PhoneAndName;
}
