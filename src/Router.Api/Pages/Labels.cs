using System.Globalization;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Mapping;
using Router.Core.Sites;

namespace Router.Api.Pages;

/// <summary>Our terms in plain words: destinations, deliveries, messages.</summary>
internal static class Labels
{
    public static string Kind(string kind) => DestinationKinds.Parse(kind) switch
    {
        DestinationKind.LeadManager => "Lead Manager",
        DestinationKind.Registered => "From the catalogue",
        DestinationKind.Custom => "Custom API",
    };

    public static string State(string state) => State(DeliveryStates.Parse(state));

    public static string State(DeliveryRow delivery) =>
        delivery.IsTest && DeliveryStates.Parse(delivery.State) is var state && state.IsFinished()
            ? state is DeliveryState.Delivered ? "test passed" : "test failed"
        : delivery.WaitsFor is null ? State(delivery.State) : "waits for an earlier message of this lead";

    public static string State(DeliveryState state) => state switch
    {
        DeliveryState.Retrying => "waiting",
        DeliveryState.Held => "on hold",
        DeliveryState.Dead => "failed for good",
        DeliveryState.Rejected => "refused",
        DeliveryState.Delivered or DeliveryState.Canceled => state.Text(),
    };

    public static string Meaning(AnswerMeaning meaning) => meaning switch
    {
        AnswerMeaning.Delivered => "delivered",
        AnswerMeaning.Refused => "refused, not sent again",
        AnswerMeaning.Failed => "failed, sent again",
    };

    public static string Effect(PreviewedEffect effect) => effect switch
    {
        PreviewedEffect.Same => "the same request",
        PreviewedEffect.Different => "another request",
        PreviewedEffect.NoLongerSent => "no longer sent",
        PreviewedEffect.NewlySent => "sent from now on",
        PreviewedEffect.Fails => "cannot be made",
    };

    /// <summary>With a capital letter.</summary>
    public static string Sentence(string words) => char.ToUpperInvariant(words[0]) + words[1..];

    /// <summary>The class that colours a state.</summary>
    public static string Look(string state) => DeliveryStates.Parse(state) switch
    {
        DeliveryState.Delivered => "is-good",
        DeliveryState.Dead => "is-bad",
        DeliveryState.Retrying or DeliveryState.Held => "is-warn",
        DeliveryState.Rejected or DeliveryState.Canceled => "is-off",
    };

    /// <summary>That of an action in the database; one that this version doesn't know stands for itself.</summary>
    public static string Action(string action) => LeadActions.TryParse(action) is { } known ? Action(known) : action;

    public static string Action(LeadAction action) => action switch
    {
        LeadAction.Created => "new lead",
        LeadAction.Updated => "lead updated",
        LeadAction.ActivityAdded => "activity added",
        LeadAction.UserUpdated => "user updated",
        LeadAction.IntegrationEnabled => "told: switched on",
        LeadAction.IntegrationDisabled => "told: switched off",
    };

    public static string Signature(string signature) => SignatureSchemes.Parse(signature) switch
    {
        SignatureScheme.LeadRouter => "X-Lead-Router-Signature",
        SignatureScheme.StandardWebhooks => "Standard Webhooks",
        SignatureScheme.Both => "both signatures",
    };

    /// <summary>A Partner ID for whoever looks over a shoulder: what its integration calls a key is a secret of the site's.</summary>
    public static string PartnerId(string label, string id) =>
        id.Length > 8 && Secrets.Any(word => label.Contains(word, StringComparison.OrdinalIgnoreCase)) ? $"…{id[^4..]}" : id;

    private static readonly string[] Secrets = ["key", "token", "secret", "password"];

    /// <summary>What a message of that action tells a receiver.</summary>
    public static string ActionMeans(LeadAction action) => action switch
    {
        LeadAction.Created => "a new lead",
        LeadAction.Updated => "some fields of a lead changed; only those are in it",
        LeadAction.ActivityAdded => "activities to add to a lead",
        LeadAction.UserUpdated => "an agent was changed or deleted in Lead Manager",
        LeadAction.IntegrationEnabled => "this destination was switched on",
        LeadAction.IntegrationDisabled => "this destination was switched off",
    };

    /// <summary>Events of an action, as an owner chooses among them.</summary>
    public static string Kinds(LeadAction action) => action switch
    {
        LeadAction.Created => "New leads",
        LeadAction.Updated => "Updates: fields of a lead that changed",
        LeadAction.ActivityAdded => "Activities: homes viewed, searches and the like",
        LeadAction.UserUpdated => "Agents: changed or deleted in Lead Manager",
        LeadAction.IntegrationEnabled or LeadAction.IntegrationDisabled => "Its own switch: on and off",
    };

    /// <summary>How a token endpoint is told who we are, as an owner chooses among the ways.</summary>
    public static string ClientAuthentication(OAuthClientAuthentication way) => way switch
    {
        OAuthClientAuthentication.Basic => "In a header (client_secret_basic), the usual way",
        OAuthClientAuthentication.Post => "In the body (client_secret_post)",
    };

    /// <summary>What a site may have only so many of: by the limit's name.</summary>
    public static string Limit(string name) => name switch
    {
        SiteLimitNames.Destinations => "Destinations, besides Lead Manager",
        SiteLimitNames.InFlight => "Requests at once, from each worker",
        SiteLimitNames.InFlightAtHost => "Requests at once to one host, from each worker",
        SiteLimitNames.WaitingMegabytes => "Megabytes that wait to be sent",
        SiteLimitNames.Replays => "Replays at a time",
        SiteLimitNames.ReplayedPerHour => "Deliveries sent again within an hour",
        SiteLimitNames.TestsPerMinute => "Tests within a minute",
        _ => name,
    };

    /// <summary><c>from 20:00 until 08:00 (America/New York), beginning on Saturday and Sunday</c>.</summary>
    public static string Quiet(QuietTimes quiet)
    {
        var days = quiet.Days?.Order().Select(day => CultureInfo.InvariantCulture.DateTimeFormat.GetDayName((DayOfWeek)(day % 7)));
        var on = days is null ? "" : $", beginning on {string.Join(", ", days)}";
        return $"from {quiet.From} until {quiet.Until} ({TimeZones.Name(quiet.TimeZone ?? "Etc/UTC")}){on}";
    }
}
