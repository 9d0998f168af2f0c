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
    [InlineData("""{"source":"x","first_name":"J","activities":["""
        + """{"type":"something new","source":"s","created":"2015-10-01T06:14:01.632792Z"}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":[{"type":"property_viewed","property":{"beds":"2","full_baths":2"""
        + ""","half_baths":-1,"lot_size":"0.25","latitude":-21.3,"list_price":"450000.00","rent_price":1250.5,"tags":["x"]}}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":["""
        + """{"type":"was_assigned","role":"lender","notify_users":true,"user":{"id":"1","role":"Agent","admin":false}}]}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01T06:14:01.597026Z"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01T06:14:01+02:00"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"2015-10-01 06:14"}""")]
    [InlineData("""{"source":"x","first_name":"J","created":"20151001T061401Z"}""")]
    [InlineData("""{"source":" ","first_name":"J"}""")]
    [InlineData("""{"source":null,"first_name":"J"}""")]
    [InlineData("""{"source":"","first_name":"J"}""")]
    [InlineData("""{"source":[],"first_name":"J"}""")]
    // Numbers where strings belong.
    [InlineData("""{"source":7,"first_name":12,"zip":96815,"phone":8088172382,"notes":1.5,"tags":["a",1,null]}""")]
    [InlineData("""{"source":"x","phone":8088172382}""")]
    [InlineData("""{"source":"x","first_name":"J","created":20151001}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":["""
        + """{"type":5,"source":7,"description":8,"user":{"id":14187,"name":3,"phone_cell":8088172382}}]}""")]
    [InlineData("""{"source":"x","first_name":"J","activities":["""
        + """{"type":"t","property":{"zip":96813,"mls":7,"list_date":20260101,"photos":[1]}}]}""")]
    // What isn't given is never wrong, whatever belongs there.
    [InlineData("""{"source":"x","phone":"808","email":" ","second_email":[],"id":{}"""
        + ""","role":" ","created":"\t","tags":"","activities":{},"zip":{},"notes":[]}""")]
    [InlineData("""{"source":"x","phone":"808","tags":{},"activities":"","created":[],"role":{}}""")]
    [InlineData("""{"source":"x","phone":"808","activities":[null,"",[],"""
        + """{"type":"t","property":[],"user":[],"notify_users":"","role":[],"created":{},"source":[]}]}""")]
    [InlineData("""{"source":"x","phone":"808","activities":[{"type":"t","property":"""
        + """{"beds":" ","list_price":[],"latitude":{},"tags":"","photos":{}},"user":{"admin":[],"role":{}}}]}""")]
    [InlineData("""{"source":"x","phone":"808","id":" 1f8fad5b-d9cb-469f-a165-70867728950e\n"}""")]
    [InlineData("""{"source":"x","phone":"808","id":"00000000-0000-0000-0000-000000000000"}""")]
    [InlineData("""{"source":"x","phone":"808","created":"2026-11-25T24:00:00Z"}""")]
    public void Lead_ThatASourceAllows_Passes(string lead) => Assert.Empty(Sentences(lead));

    [Theory]
    [InlineData("""{"email":"a@b.c"}""", "Lead field 'source' is required.")]
    [InlineData("""{"source":"x","email":"nobody"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","email":"@b.c"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","email":"a b@c.d"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","second_email":5}""", "Lead field 'second_email' is not a valid email address.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"12"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"{a27c20af-4497-415d-9e4e-7334dd1d40d2}"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","role":"Potential Seller"}""",
        "Lead field 'role' is not one of Buyer, Seller, Buyer and Seller, Renter.")]
    [InlineData("""{"source":"x","email":"a@b.c","tags":"a"}""", "Lead field 'tags' is not a valid list of strings.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"yesterday"}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2015-02-30T00:00:00Z"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"20150230T000000Z"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":1443680041}""", "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":true,"email":"a@b.c"}""", "Lead field 'source' is not a valid string.")]
    [InlineData("""{"source":"x","phone":[8]}""", "Lead field 'phone' is not a valid string.")]
    [InlineData("""{"source":"x","phone":{"a":8}}""", "Lead field 'phone' is not a valid string.")]
    [InlineData("""{"source":"x","email":"a@b.c","tags":["a",true]}""", "Lead field 'tags' is not a valid list of strings.")]
    [InlineData("""{"source":"x","email":"a@b.c","tags":["a",["b"]]}""", "Lead field 'tags' is not a valid list of strings.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"+f8fad5b-d9cb-469f-a165-70867728950e"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","id":"0xf8fad5-d9cb-469f-a165-70867728950e"}""", "Lead field 'id' is not a valid UUID.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2026-11-25T10:00:00Z\n"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2026-11-25T24:30:00Z"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2026-11-25T24:00:01Z"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2026-11-25T10:00:00+24:00"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","created":"2026-11-25T10:0٠:00Z"}""",
        "Lead field 'created' is not a valid ISO 8601 date and time.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":{"0":{}}}""", "Lead field 'activities' is not a valid list of activities.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":" "}]}""", "Activity field 'type' is required.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":true}]}""", "Activity field 'type' is not a valid string.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":["a"]}]}""",
        "Activity field 'property' is not a valid object.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"zip":true}}]}""",
        "Property field 'zip' is not a valid string.")]
    [InlineData("""{"source":"x","email":" ","first_name":[],"phone":null,"city":{},"address":""}""",
        "Lead needs at least one of the fields email, second_email, first_name, last_name, phone, phone2, address, "
        + "street_address, city, state.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":["visited"]}""",
        "Lead field 'activities' is not a valid list of activities.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"source":"s"}]}""", "Activity field 'type' is required.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","notify_users":"yes"}]}""",
        "Activity field 'notify_users' is not a valid boolean.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"full_baths":2.5}}]}""",
        "Property field 'full_baths' is not a valid integer.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"full_baths":"two"}}]}""",
        "Property field 'full_baths' is not a valid integer.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"latitude":"north"}}]}""",
        "Property field 'latitude' is not a valid float.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","property":{"list_price":"$450,000"}}]}""",
        "Property field 'list_price' is not a valid number with optional decimals.")]
    [InlineData("""{"source":"x","email":"a@b.c","activities":[{"type":"t","user":{"admin":1}}]}""",
        "User field 'admin' is not a valid boolean.")]
    [InlineData("""{"source":"x","email":"a@b.c","email":5}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","\u0065mail":5,"city":"c"}""", "Lead field 'email' is not a valid email address.")]
    [InlineData("""{"source":"x","notes":"no name, no way to reach"}""",
        "Lead needs at least one of the fields email, second_email, first_name, last_name, phone, phone2, address, "
        + "street_address, city, state.")]
    public void Lead_WithOneProblem_GetsOneSentenceForIt(string lead, string expected) =>
        Assert.Equal(expected, Assert.Single(Sentences(lead)));

    [Fact]
    public void Activities_HalfAMillionWrong_AreNotAllReported()
    {
        using var document = JsonDocument.Parse($"[{string.Join(',', Enumerable.Repeat('0', 500_000))}]");
        Assert.InRange(LeadValidator.Activities(document.RootElement).Count, 1, 100);
    }

    [Fact]
    public void Lead_TheSameFieldWrongAHundredThousandTimes_IsNotReportedAsOften()
    {
        using var document = JsonDocument.Parse($$"""{{{string.Join(',', Enumerable.Repeat("\"email\":5", 100_000))}}}""");
        Assert.InRange(LeadValidator.ChangedLead(document.RootElement).Count, 1, 101);
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
