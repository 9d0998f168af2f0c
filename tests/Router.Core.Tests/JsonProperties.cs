using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Core.Tests;

/// <summary>What holds for any JSON whatever, known fields, repeated keys and broken surrogates among it.</summary>
public sealed class JsonProperties
{
    private static readonly string[] OurFields = [
        "action", "id", "partner_id", "site_uuid", "site_domain", "site_login_url", "source_system", "created"];

    // Text of an object: a tree of values in many spellings, with names that are likely to be looked at.
    private static readonly Gen<string> Names = Gen.Elements(
        "source", "email", "activities", "id", "created", "partner_id", "role", "tags", "type", "property", "user", "beds", "admin", "x",
        "é", "\\u0061ction", "\\ud800", "", "a\\\"b");

    private static readonly Gen<string> Scalars = Gen.OneOf(
        Gen.Elements("null", "true", "false", "0", "-0", "2.50", "1e400", "123456789012345678901234567890", "1E-7"),
        Gen.Elements("\"\"", "\"a@b.c\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"2015-10-01T06:14:01Z\"",
            "\"a27c20af4497415d9e4e7334dd1d40d2\"", "\"Buyer\"", "\"visited\"", "\" \"", "\"\\/\""),
        ArbMap.Default.GeneratorFor<string>().Select(text => JsonSerializer.Serialize(text ?? "")));

    private static readonly LeadDefaults Defaults = new("Web", DateTimeOffset.UnixEpoch, MostBytes: 1 << 20);

    private static readonly Gen<string> Objects = Gen.Sized(size => Object(Math.Min(size, 6)));

    [Fact]
    public void Body_OfAnyObject_KeepsEveryFieldThatIsNotOurs() => Check(json =>
    {
        var lead = Event(json);
        var body = Encoding.UTF8.GetString(OutgoingBody.Compose(lead, "www.site.test", "https://www.site.test/{lead_id}").For("P"));
        Assert.Equal(Foreign(json), Foreign(body));
        using var document = JsonDocument.Parse(body);
        // Each of ours once, however often the sender used its name; a given time is the sender's and stays as it came.
        foreach (var field in OurFields)
        {
            var count = document.RootElement.EnumerateObject().Count(property => JsonText.NameOf(property) == field);
            Assert.True(field == "created" ? count >= 1 : count == 1, $"{field} is there {count} times");
        }
    });

    [Fact]
    public void Validation_OfAnyObject_EndsWithSentences() => Check(json =>
    {
        using var document = JsonDocument.Parse(json);
        foreach (var errors in new[]
        {
            LeadValidator.NewLead(document.RootElement), LeadValidator.ChangedLead(document.RootElement),
            LeadValidator.PotentialSeller(document.RootElement), LeadValidator.User(document.RootElement),
        })
        {
            Assert.All(errors, error => Assert.Matches("^(Lead|Activity|Property|User) .*\\.$", error.Sentence));
        }
    });

    [Fact]
    public void Shape_OfAnyValidObject_IsJsonAndLosesOnlyWhatIsEmpty() => Check(json =>
    {
        using var document = JsonDocument.Parse(json);
        var lead = document.RootElement;
        if (LeadValidator.ChangedLead(lead).Count > 0)
            return;

        using var kept = LeadNormalizer.Changed(Event(json).Lead, lead, Defaults, dropEmpty: false)!.Value.ToDocument();
        Assert.Equal(lead.EnumerateObject().Count(), kept.RootElement.EnumerateObject().Count() + Repetitions(lead, kept.RootElement));
        using var dropped = LeadNormalizer.Changed(Event(json).Lead, lead, Defaults, dropEmpty: true)!.Value.ToDocument();
        Assert.DoesNotContain(dropped.RootElement.EnumerateObject(), property =>
            property.Value.ValueKind is JsonValueKind.String && JsonText.Of(property.Value).Length == 0);
    });

    private static void Check(Action<string> property) =>
        Prop.ForAll(Objects.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    private static Gen<string> Object(int depth) =>
        from count in Gen.Choose(0, 6)
        from fields in Field(depth).ListOf(count)
        select $"{{{string.Join(",", fields)}}}";

    private static Gen<string> Field(int depth) =>
        from name in Names
        from space in Gen.Elements("", " ", "\n\t")
        from value in Value(depth)
        select $"\"{name}\"{space}:{space}{value}";

    private static Gen<string> Value(int depth) => depth <= 0
        ? Scalars
        : Gen.Frequency((4, Scalars), (1, Gen.Fresh(() => 0).SelectMany(_ => Object(depth / 2))),
            (1, Gen.Fresh(() => 0).SelectMany(_ => List(depth / 2))));

    private static Gen<string> List(int depth) =>
        from count in Gen.Choose(0, 4)
        from items in Value(depth).ListOf(count)
        select $"[{string.Join(", ", items)}]";

    private static LeadEvent Event(string json) => new()
    {
        EventId = Guid.Empty, SiteId = Guid.Empty, Action = LeadAction.Created, LeadId = "L1", AcceptedAt = DateTimeOffset.UnixEpoch,
        Product = "web", SourceSystem = "Web", Lead = RawJson.Parse(json),
    };

    // Only the repeated occurrences of a field that was set are gone.
    private static int Repetitions(JsonElement before, JsonElement after) =>
        before.EnumerateObject().Count(property => JsonText.NameOf(property) == "activities") - after.EnumerateObject()
            .Count(property => JsonText.NameOf(property) == "activities");

    private static List<string> Foreign(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject()
            .Where(property => !OurFields.Contains(JsonText.NameOf(property), StringComparer.Ordinal))
            .Select(property =>
                $"{System.Runtime.InteropServices.JsonMarshal.GetRawUtf8PropertyName(property).Length}:{property.Value.GetRawText()}")];
    }
}
