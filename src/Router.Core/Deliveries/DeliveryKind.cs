using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>What a delivery is for, as far as its way depends on that.</summary>
public enum DeliveryKind
{
    /// <summary>A lead, or a user of the site.</summary>
    Lead,

    /// <summary>Tells a destination that it was switched on or off: goes to one that is off, too, and no pause holds it.</summary>
    Notice,

    /// <summary>A test lead: sent whatever state its destination is in, and once. Whoever asked for it is looking at the answer.</summary>
    Test,

    /// <summary>A test lead that is sent a second time under the same id if the receiver took it: receivers must expect that.</summary>
    RepeatedTest,
}

/// <summary>Which kind of delivery an event makes.</summary>
public static class DeliveryKinds
{
    /// <summary>The kind of delivery that this event makes.</summary>
    public static DeliveryKind Of(LeadEvent lead) =>
        lead.Test is { } test ? Of(test) : lead.Action.IsAboutDestination() ? DeliveryKind.Notice : DeliveryKind.Lead;

    private static DeliveryKind Of(LeadTest test) => test switch
    {
        LeadTest.Twice => DeliveryKind.RepeatedTest,
        LeadTest.Once or LeadTest.WrongSignature => DeliveryKind.Test,
    };
}
