using System.Text.Json;
using Router.Core.Leads.Validation;

namespace Router.Core.Tests;

public sealed class LeadValidatorTests
{
    [Theory]
    [InlineData("""{"source":"x","email":"a@b.c"}""")]
    [InlineData("""{"source":"x","phone":"call me maybe"}""")]
    [InlineData("""{"source":"x","city":"Honolulu"}""")]
    [InlineData("""{"source":"x","first_name":"J","id":"a27c20af4497415d9e4e7334dd1d40d2"}""")]
    [InlineData("""{"source":"x","first_name":"J","id":"A27C20AF-4497-415D-9E4E-7334DD1D40D2"}""")]
    [InlineData("""{"source":"x","first_name":"J","id":null,"created":null,"tags":null,"activities":null,"role":null}""")]
    [InlineData("""{"source":"x","first_name":"J","email":"","role":"","created":"","id":""}""")]
    [InlineData("""{"source":"x","first_name":"J","urgency":"Lukewarm","status":"Whatever"}""")]
    [InlineData("""{"source":"x","first_name":"J","role":"Buyer and Seller","tags":["a","b"],"unknown":{"deep":[1,2]}}""")]
    [InlineData("""{"source":"x","first_name":"\ud800"}""")]
    [InlineData("""{"source":"x","first_name":"J","\ud800":1}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":[{"type":"visited"}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":[{"type":"something new","source":"s","created":"2015-10-01T06:14:01.632792Z"}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":[{"type":"property_viewed","property":{"beds":"2","full_baths":2,"half_baths":-1,"lot_size":"0.25","latitude":-21.3,"list_price":"450000.00","rent_price":1250.5,"tags":["x"]}}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":[{"type":"was_assigned","role":"lender","notify_users":true,"user":{"id":"1","role":"Agent","admin":false}}]}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01T06:14:01.597026Z"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01T06:14:01+02:00"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01 06:14"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"20151001T061401Z"}""")]
    [InlineData("""{"source":" ","first_name":"J"}""")]
    public void Lead_ThatASourceAllows_Passes(string lead) => Assert.Empty(Sentences(lead));

    [Theory]
    [InlineData("""{"email":"a@b.c"}""", "Lead field 'source' is required.")]
    [InlineData("""{"source":null,"email":"a@b.c"}""", "Lead field 'source' is required.")]
    [InlineData("""{"source":"","email":"a@b.c"}""", "Lead field 'source' is required.")]
    [InlineData("""{"source":7,"email":"a@b.c"}""", "Lead field 'source' is not a valid string.")]
    [InlineData("""{"source":"x","email":"nobody"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","email":"@b.c"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","email":"a b@c.d"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","second_email":5}""", "Lead field 'second_email' is not a valid email address.")]
    [InlineData("""{"source":"x","phone":8088172382}""", "Lead field 'phone' is not a valid string.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"12"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"{a27c20af-4497-415d-9e4e-7334dd1d40d2}"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","role":"Potential Seller"}""", "Lead field 'role' is not one of Buyer, Seller, Buyer and Seller, Renter.")]
    [InlineData("""{"source":"x","email":"a@b.c","tags":"a"}""", "Lead field 'tags' is not a valid list of strings.")]
    [InlineData("""{"source":"x","email":"a@b.c","tags":["a",1]}""", "Lead field 'tags' is not a valid list of strings.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"yesterday"}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2015-02-30T00:00:00Z"}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"20150230T000000Z"}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":1443680041}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":{}}""", "Lead field 'activities' is not a valid list of activities.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":["visited"]}""", "Lead field 'activities' is not a valid list of activities.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"source":"s"}]}""", "Activity field 'type' is required.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":5}]}""", "Activity field 'type' is not a valid string.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","notify_users":"yes"}]}""", "Activity field 'notify_users' is not a valid boolean.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":[]}]}""", "Activity field 'property' is not a valid object.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"full_baths":2.5}}]}""", "Property field 'full_baths' is not a valid integer.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"full_baths":"two"}}]}""", "Property field 'full_baths' is not a valid integer.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"latitude":"north"}}]}""", "Property field 'latitude' is not a valid float.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"list_price":"$450,000"}}]}""", "Property field 'list_price' is not a valid number with optional decimals.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"zip":96813}}]}""", "Property field 'zip' is not a valid string.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","user":{"admin":1}}]}""", "User field 'admin' is not a valid boolean.")]
    [InlineData("""{"source":"x","email":"a@b.c","email":5}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","\u0065mail":5,"city":"c"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","notes":"no name, no way to reach"}""", "Lead needs at least one of the fields email, second_email, first_name, last_name, phone, phone2, address, street_address, city, state.")]
    public void Lead_WithOneProblem_GetsOneSentenceForIt(string lead, string expected) => Assert.Equal(expected, Assert.Single(Sentences(lead)));

    [Fact]
    public void Activities_HalfAMillionWrong_AreNotAllReported()
    {
        using var document = JsonDocument.Parse($"[{string.Join(',', Enumerable.Repeat('0', 500_000))}]");
        Assert.InRange(LeadValidator.Activities(document.RootElement).Count, 1, 100);
    }

    [Fact]
    public void Lead_WithManyProblems_ReportsAllOfThem()
    {
        const string lead = """{"email":5,"tags":1,"activities":[{"property":{"beds":"x","year_built":"y"}}]}""";
        Assert.Equal(
            [
                "Lead field 'source' is required.",
                "Lead field 'email' is not a valid email address.",
                "Lead field 'tags' is not a valid list of strings.",
                "Activity field 'type' is required.",
                "Activity field 'source' is required.",
                "Property field 'beds' is not a valid integer.",
                "Property field 'year_built' is not a valid integer.",
            ],
            Sentences(lead));
    }

    private static IEnumerable<string> Sentences(string lead)
    {
        using var document = JsonDocument.Parse(lead);
        return [.. LeadValidator.NewLead(document.RootElement).Select(error => error.Sentence)];
    }
}
