using System.Text;
using System.Text.Json;
using Router.Core.Search;

namespace Router.Core.Tests;

/// <summary>Who is meant, however it is written; and who isn't.</summary>
public sealed class WantedPersonTests
{
    [Theory]
    [InlineData("""{"email": "Ann@Mail.test "}""", PersonMatch.Theirs)]
    [InlineData("""{"second_email": "ann\u0040mail.test"}""", PersonMatch.Theirs)]
    [InlineData("""{"phone": "+1 808-555-0142"}""", PersonMatch.Theirs)]
    [InlineData("""{"phone2": 8085550142}""", PersonMatch.Theirs)]
    [InlineData("""{"phone": "(808) 555 0142 ext. 7"}""", PersonMatch.Theirs)]
    [InlineData("""{"phone_cell": "808.555.0142", "phone_office": "1"}""", PersonMatch.Theirs)]
    [InlineData("""{"notes": "knows ann@mail.test, called"}""", PersonMatch.Mentioned)]
    [InlineData("""{"phone_office": "808 555 0142"}""", PersonMatch.Mentioned)]
    [InlineData("""{"activities": [{"description": "call 1 (808) 555-0142."}]}""", PersonMatch.Mentioned)]
    [InlineData("""{"email": "joann@mail.test"}""", PersonMatch.None)]
    [InlineData("""{"email": "ann@mail.test.example"}""", PersonMatch.None)]
    [InlineData("""{"email": "ann@mail.test-er.example"}""", PersonMatch.None)]
    [InlineData("""{"phone": "808 555 0143", "notes": "ann"}""", PersonMatch.None)]
    [InlineData("""{"ann@mail.test": ""}""", PersonMatch.None)]
    [InlineData("""{"number": 1280855501429}""", PersonMatch.None)]
    public void Contents_OfALead_AreTheirsOrNameThemOrDont(string contents, PersonMatch expected)
    {
        var wanted = WantedPerson.Of("ann@mail.test", "808 555-0142")!;
        using var document = JsonDocument.Parse(contents);
        Assert.Equal(expected, wanted.In(document.RootElement));
        Assert.Equal(expected, wanted.In(Encoding.UTF8.GetBytes(contents)));
        // In a message the lead counts, and not what we write around it.
        var message = $$"""{"event_id": "1", "email": "ann@mail.test", "lead": {{contents}}}""";
        Assert.Equal(expected, wanted.In(Encoding.UTF8.GetBytes(message)));
    }

    [Theory]
    [InlineData("half a message for ann@mail.test", PersonMatch.Theirs)]
    [InlineData("half a message for joann@mail.test", PersonMatch.None)]
    public void Bytes_ThatAreNoJson_AreTheirsWhereTheyNameThem(string text, PersonMatch expected) =>
        Assert.Equal(expected, WantedPerson.Of("ann@mail.test", null)!.In(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(null, null)]
    [InlineData(" ", "")]
    [InlineData("ann", null)]
    [InlineData("ann@mail.test x", null)]
    [InlineData(null, "555-014")]
    [InlineData("ann@mail.test", "no number")]
    public void Who_IsNoAddressAndNoNumber_IsNobody(string? email, string? phone) => Assert.Null(WantedPerson.Of(email, phone));

    [Fact]
    public void Who_HasALongerAddressThanThereAre_IsNobody()
    {
        Assert.NotNull(WantedPerson.Of($"{new string('a', 244)}@mail.test", null));
        Assert.Null(WantedPerson.Of($"{new string('a', 245)}@mail.test", null));
    }

    [Fact]
    public void Person_Printed_SaysNothingOfWho() => Assert.Equal("WantedPerson", $"{WantedPerson.Of("ann@mail.test", null)}");
}
