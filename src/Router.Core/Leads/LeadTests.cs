namespace Router.Core.Leads;

/// <summary>What a test lead tests; the values of <c>lead_events.test</c>.</summary>
public static class LeadTests
{
    /// <summary>Sent once, like any lead, but never again.</summary>
    public const string Once = "once";

    /// <summary>Sent, and when it was taken sent a second time under the same message id: receivers must expect that.</summary>
    public const string Twice = "twice";

    /// <summary>Sent with a signature by another secret: a receiver that verifies refuses it.</summary>
    public const string WrongSignature = "wrong_signature";
}
