using System.Globalization;
using System.Text.Json;
using Router.Api.Authentication;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Mapping;
using Router.Core.Search;

namespace Router.Api.Pages;

/// <summary>Our terms in plain words.</summary>
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
        _ => State(at.State),
    };

    /// <summary>The class that colours it.</summary>
    public static string ChipLook(string state) => state switch { "planned" => "is-off", "missing" => "is-bad", _ => Look(state) };

    /// <summary>What a request meant.</summary>
    public static string Operation(string name) => name switch
    {
        "createLead" => "A new lead",
        "createPotentialSellerLead" => "A potential seller",
        "updateLead" or "updateLeadV2" => "A change of a lead",
        "addActivities" => "Activities of a lead",
        _ => name,
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

    public static string Ordinal(int number) =>
        number switch { 1 => "First", 2 => "Second", 3 => "Third", _ =>
        $"{number}{(number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" })}" };

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 999.5 } => $"{time.TotalMilliseconds:0} ms",
        { TotalSeconds: < 59.95 } => $"{time.TotalSeconds:0.0} s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min{Rest(time.Seconds, "s")}",
        { TotalHours: < 24 } => $"{(int)time.TotalHours} h{Rest(time.Minutes, "min")}",
        _ => $"{Amount.Of((int)time.TotalDays, "day", "days")}{Rest(time.Hours, "h")}",
    };

    private static string Rest(int amount, string unit) => amount == 0 ? "" : $" {amount} {unit}";

    /// <summary>Messages by kind: <c>199 new leads, 62 updates and 53 activities</c>.</summary>
    public static string Messages(MessageCounts counts)
    {
        string[] parts =
        [
            .. new (int Count, string One, string Many)[]
            {
                (counts.Leads, "new lead", "new leads"), (counts.Updates, "update", "updates"),
                (counts.Activities, "message with activities", "messages with activities"),
                (counts.Others, "change of a user", "changes of users"),
            }.Where(part => part.Count > 0).Select(part => Amount.Of(part.Count, part.One, part.Many)),
        ];
        return parts switch
        {
            [] => "nothing",
            [var only] => only,
            [.. var first, var last] => $"{string.Join(", ", first)} and {last}",
        };
    }

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

    /// <summary>What an API token may.</summary>
    public static string Scope(string scope) => scope switch
    {
        TokenScopes.Read => "read only",
        TokenScopes.Configure => "read, and change sites",
        _ => "all that an operator may",
    };

    /// <summary>How somebody signed in.</summary>
    public static string WayIn(string how) => how switch
    {
        WaysIn.Password => "password",
        WaysIn.Invitation => "one-time link",
        WaysIn.Passkey => "passkey",
        WaysIn.OpenIdConnect => "single sign-on",
        _ => how,
    };

    /// <summary>A line of the log of accesses.</summary>
    public static string Access(Management.AccessRow row) => row.What switch
    {
        AccessEvents.SignedIn => $"signed in: {WayIn(row.How)}",
        AccessEvents.WrongPassword => "a wrong password",
        AccessEvents.WrongSecondStep => $"the right password, but not the second step: {row.Detail}",
        AccessEvents.Locked => "a password that was not looked at: too many were wrong before",
        AccessEvents.SignedOut => row.Detail.Length == 0 ? "signed out" : $"signed out {row.Detail}",
        AccessEvents.Confirmed => $"confirmed: {WayIn(row.How)}",
        AccessEvents.NotConfirmed => "not confirmed: a wrong password",
        AccessEvents.Refused => $"not allowed: {row.Detail}",
        _ => row.What,
    };

    public static string Table(string table) => table switch
    {
        "sites" => "site",
        "destinations" => "destination",
        "products" => "product",
        "product_sites" => "access of product",
        "integrations" => "integration",
        "accounts" => "account",
        "account_sites" => "access of",
        "account_logins" => "sign-in at the provider of",
        "invitations" => "invitation of",
        "api_tokens" => "API token",
        "leads" => "contents of lead",
        "refused_leads" => "refused leads:",
        "set_aside" => "set-aside message",
        "person" => "a person's data:",
        "authenticator_apps" => "authenticator app of",
        "passkeys" => "passkey",
        "recovery_codes" => "recovery codes of",
        _ => table,
    };

    public static string Column(string column) => OwnSettings.Find(column)?.Called ?? column switch
    {
        "active" => "switched on",
        "inactive_reason" => "why it is off",
        "url" => "URL",
        "partner_id" => "Partner ID",
        "offered" => "on offer to owners",
        "by_owner" => "let in by an owner",
        "header_names" => "headers",
        "header_values" => "values of headers",
        "oauth_token_url" => "token URL",
        "oauth_client_id" => "client ID for access tokens",
        "oauth_client_secret" => "client secret for access tokens",
        "oauth_scope" => "scope of access tokens",
        "oauth_audience" => "audience of access tokens",
        "oauth_client_auth" => "how the client is identified",
        "certificate_subject" => "client certificate of",
        "certificate_issuer" => "client certificate issued by",
        "certificate_expires_at" => "client certificate expires",
        "certificate_sha256" => "client certificate's fingerprint",
        "partner_id_label" => "word for the Partner ID",
        "partner_id_help" => "where the Partner ID is found",
        "login_url_template" => "login URL",
        "require_proven" => "go-live check required",
        "limits" => "limits of its own",
        "integration_id" => "integration of the catalogue",
        "is_lead_manager" => "is the Lead Manager",
        "display_name" => "name that receivers see",
        "password_sha256" or "password_hash" => "password",
        "previous_password_sha256" => "old password",
        "previous_password_until" => "old password ends",
        "token_sha256" => "link or token",
        "codes_sha256" => "codes",
        "codes_left" => "codes left",
        "copied_at" => "not taken any more, as there is a copy of it",
        "paused_at" => "paused",
        "paused_by" => "paused by",
        "pause_reason" => "why it is paused",
        "disabled_at" => "disabled",
        "deleted_at" => "deleted",
        "revoked_at" => "revoked",
        "events" => "messages with contents",
        "alerts" => "alerts by mail",
        "quiet_from" => "quiet hours begin",
        "quiet_until" => "quiet hours end",
        _ => column.Replace('_', ' '),
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

    /// <summary>By column: what was before and what after, as people read it.</summary>
    /// <param name="changes">As the audit log has them.</param>
    /// <param name="moment">How the page tells a time.</param>
    public static IEnumerable<(string Column, string Words)> Changes(JsonElement changes, Func<DateTimeOffset, string> moment) =>
        changes.EnumerateObject().Select(change => (
            Column(change.Name),
            change.Value.ValueKind == JsonValueKind.Array && change.Name is not "integration_id"
                ? $"{Value(change.Name, change.Value[0], moment)} → {Value(change.Name, change.Value[1], moment)}" : "changed"));

    private static string Value(string column, JsonElement value, Func<DateTimeOffset, string> moment) => value.ValueKind switch
    {
        JsonValueKind.Null when OwnSettings.Find(column) is { } setting => setting.WhenUnset,
        JsonValueKind.Object when column is "quiet_hours" && value.Deserialize<QuietTimes>(JsonSerializerOptions.Web) is { } quiet =>
            Quiet(quiet),
        JsonValueKind.Null when column.EndsWith("_at", StringComparison.Ordinal) => "no",
        JsonValueKind.Object when column is "limits" =>
            string.Join(", ", value.EnumerateObject().Select(limit => $"{Limit(limit.Name)}: {limit.Value}")),
        JsonValueKind.Null => "nothing",
        JsonValueKind.Array when value.GetArrayLength() == 0 => "nothing",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray()),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.String when value.GetString()!.Length == 0 => "nothing",
        JsonValueKind.String when (column.EndsWith("_at", StringComparison.Ordinal) || column.EndsWith("_until", StringComparison.Ordinal))
            && value.TryGetDateTimeOffset(out var at) => moment(at),
        JsonValueKind.String => (column, value.GetString()!) switch
        {
            ("signature", var scheme) => Signature(scheme),
            ("kind", var kind) => Kind(kind),
            ("paused_by", "router") => "the router",
            ("paused_by", _) => "a person",
            ("time_zone", var zone) => TimeZones.Name(zone),
            var (_, text) => text,
        },
        _ => value.ToString(),
    };

    /// <summary><c>from 20:00 until 08:00 (America/New York), beginning on Saturday and Sunday</c>.</summary>
    public static string Quiet(QuietTimes quiet)
    {
        var days = quiet.Days?.Order().Select(day => CultureInfo.InvariantCulture.DateTimeFormat.GetDayName((DayOfWeek)(day % 7)));
        var on = days is null ? "" : $", beginning on {string.Join(", ", days)}";
        return $"from {quiet.From} until {quiet.Until} ({TimeZones.Name(quiet.TimeZone ?? "Etc/UTC")}){on}";
    }

    /// <summary>Milliseconds; nothing where there were none.</summary>
    public static string Percentiles(double? p50, double? p95, double? p99) =>
        p50 is null
            ? "–"
            : string.Join(" · ", new[] { p50, p95, p99 }.Select(value => Duration(TimeSpan.FromMilliseconds(value!.Value))));
}
