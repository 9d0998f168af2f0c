using System.Text.Json;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Api.Pages;

/// <summary>Our terms in plain words.</summary>
internal static class Words
{
    public static string Kind(string kind) => kind switch
    {
        DestinationKinds.LeadManager => "Lead Manager",
        DestinationKinds.Registered => "From the catalogue",
        _ => "Custom API",
    };

    public static string State(string state) => state switch
    {
        DeliveryStates.Pending => "on its way",
        DeliveryStates.Retrying => "will be tried again",
        DeliveryStates.Held => "waits for its destination",
        DeliveryStates.Dead => "given up",
        DeliveryStates.Rejected => "refused by the receiver",
        _ => state,
    };

    /// <summary>The class that colours a state.</summary>
    public static string Look(string state) => state switch
    {
        DeliveryStates.Delivered => "is-good",
        DeliveryStates.Dead => "is-bad",
        DeliveryStates.Retrying or DeliveryStates.Held => "is-warn",
        _ => "is-off",
    };

    public static string Action(string action) => action switch
    {
        LeadActions.Created => "new lead",
        LeadActions.Updated => "lead updated",
        LeadActions.ActivityAdded => "activity added",
        LeadActions.UserUpdated => "user updated",
        LeadActions.IntegrationEnabled => "told: switched on",
        LeadActions.IntegrationDisabled => "told: switched off",
        _ => action,
    };

    public static string Signature(string signature) => signature switch
    {
        SignatureSchemes.LeadRouter => "X-Lead-Router-Signature",
        SignatureSchemes.StandardWebhooks => "Standard Webhooks",
        _ => "both signatures",
    };

    public static string Ordinal(int number) => number switch { 1 => "First", 2 => "Second", 3 => "Third", _ => $"{number}{(number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" })}" };

    public static string Duration(TimeSpan time) => time.TotalSeconds >= 1 ? $"{time.TotalSeconds:0.0} s" : $"{time.TotalMilliseconds:0} ms";

    public static string Table(string table) => table switch
    {
        "sites" => "site",
        "destinations" => "destination",
        "products" => "product",
        "product_sites" => "access of product",
        "integrations" => "integration",
        "accounts" => "account",
        "account_sites" => "sites of account",
        "invitations" => "invitation of",
        "api_tokens" => "API token",
        "leads" => "contents of leads:",
        _ => table,
    };

    /// <summary>By column: what was before and what after.</summary>
    public static IEnumerable<(string Column, string Words)> Changes(JsonElement changes) => changes.EnumerateObject().Select(change =>
        (change.Name.Replace('_', ' '), change.Value.ValueKind == JsonValueKind.Array ? $"{Text(change.Value[0])} → {Text(change.Value[1])}" : "changed"));

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "nothing",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => value.ToString() is { Length: > 0 } text ? text : "nothing",
    };

    /// <summary>Milliseconds; nothing where there were none.</summary>
    public static string Percentiles(double? p50, double? p95, double? p99) =>
        p50 is null ? "–" : string.Join(" · ", new[] { p50, p95, p99 }.Select(value => Duration(TimeSpan.FromMilliseconds(value!.Value))));
}
