using Router.Core.Search;

namespace Router.Api.Pages;

/// <summary>What is known of a lead, in plain words.</summary>
internal static class LeadLabels
{
    /// <summary>Who a lead is, or what stands for it.</summary>
    public static string Person(FoundLead lead) =>
        new[] { lead.Name, lead.Email, lead.Phone }.FirstOrDefault(text => !string.IsNullOrEmpty(text))
            ?? $"Lead {lead.LeadId:N}"[..13] + "…";

    /// <summary>How it is reached, besides what <see cref="Person"/> says; null when nothing more is known.</summary>
    public static string? Contact(FoundLead lead) =>
        string.Join(" · ", new[] { lead.Name, lead.Email, lead.Phone }.Where(text => !string.IsNullOrEmpty(text)).Skip(1))
            is { Length: > 0 } contact ? contact : null;

    /// <summary>What came after it: <c>2 updates, 1 activity</c>; null for nothing.</summary>
    public static string? More(FoundLead lead)
    {
        string?[] parts =
        [
            lead.Updates == 0 ? null : Amount.Of(lead.Updates, "update", "updates"),
            lead.Activities == 0 ? null : Amount.Of(lead.Activities, "message with activities", "messages with activities"),
        ];
        return string.Join(", ", parts.OfType<string>()) is { Length: > 0 } more ? more : null;
    }

    /// <summary>How a lead fares at a destination, in a few words.</summary>
    public static string Chip(LeadAtDestination at) => at.State switch
    {
        "missing" => "lost: tell an operator",
        "planned" => "on its way",
        _ => Labels.State(at.State),
    };

    /// <summary>The class that colours it.</summary>
    public static string ChipLook(string state) => state switch { "planned" => "is-off", "missing" => "is-bad", _ => Labels.Look(state) };

    /// <summary>What a request meant.</summary>
    public static string Operation(string name) => name switch
    {
        "createLead" => "A new lead",
        "createPotentialSellerLead" => "A potential seller",
        "updateLead" or "updateLeadV2" => "A change of a lead",
        "addActivities" => "Activities of a lead",
        _ => name,
    };
}
