using System.Text.Json.Serialization;

namespace Router.Core.Leads;

/// <summary>What a test lead tests.</summary>
[JsonConverter(typeof(LeadTestJson))]
public enum LeadTest
{
    /// <summary>Sent once, like any lead, but never again.</summary>
    Once,

    /// <summary>Sent, and when it was taken sent a second time under the same message id: receivers must expect that.</summary>
    Twice,

    /// <summary>Sent with a signature by another secret: a receiver that verifies refuses it.</summary>
    WrongSignature,
}

/// <summary>The words for tests, in <c>lead_events.test</c> and in JSON.</summary>
public static class LeadTests
{
    private static readonly Dictionary<string, LeadTest> ByText =
        Enum.GetValues<LeadTest>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this LeadTest test) => test switch
    {
        LeadTest.Once => "once",
        LeadTest.Twice => "twice",
        LeadTest.WrongSignature => "wrong_signature",
    };

    /// <summary>The test of that word; null when there is none.</summary>
    public static LeadTest? TryParse(string? text) => text is not null && ByText.TryGetValue(text, out var test) ? test : null;

    /// <summary>The test of a word from the database.</summary>
    public static LeadTest Parse(string text) => ByText[text];
}

/// <summary>A test as JSON.</summary>
internal sealed class LeadTestJson() : WordJson<LeadTest>(LeadTests.Text, LeadTests.TryParse);
