using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Destinations;
using Router.Core.Mapping;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>What may be stored of a destination or an integration.</summary>
internal static class DestinationChecks
{
    public const double DefaultOverlapHours = 24;

    public static FieldProblems Check(this DestinationFields fields, bool isNew, string signature, string? secret, NetworkGuard guard)
    {
        var problems = new FieldProblems();
        if (isNew || fields.Name is not null)
            problems.RequireText("name", fields.Name);
        if (isNew || fields.Url is not null)
            problems.RequireDestinationUrl("url", fields.Url, guard);
        if (isNew || fields.Secret is not null)
            problems.RequireText("secret", fields.GenerateSecret is true ? secret : fields.Secret, most: 500);
        problems.CheckText("partner_id", fields.PartnerId);
        problems.CheckSignature(signature, secret);
        problems.CheckOwn(fields);
        problems.CheckMapping(fields.Mapping);
        problems.CheckAnswerRules(fields.AnswerRules);
        return problems;
    }

    /// <summary>What each destination may have of its own, one of the catalogue, too.</summary>
    public static void CheckOwn(this FieldProblems problems, DestinationFields fields)
    {
        foreach (var setting in OwnSettings.All)
        {
            if (setting.Problem(fields) is { } problem)
                problems.Add(setting.Name, problem);
        }

        problems.CheckHeaders(fields.Headers);
    }

    /// <param name="problems">All that is wrong.</param>
    /// <param name="value">What was asked for.</param>
    /// <param name="present">What an operator may have set before.</param>
    /// <param name="account">Who asks.</param>
    /// <param name="limits">How far owners may go.</param>
    public static void CheckOwnersMaxInFlight(
        this FieldProblems problems, int? value, int? present, Account account, SiteLimitOptions limits)
    {
        if (value > limits.MaxInFlightByOwner && value != present && value <= 10_000 && !account.IsOperator)
            problems.Add("max_in_flight",
                $"'max_in_flight' can be {limits.MaxInFlightByOwner} at most. If the receiver takes more at a time, ask the operator of "
                + "this router to set it.");
    }

    /// <summary>As it is stored: null for our own format.</summary>
    public static string? Stored(RequestMapping? mapping) => mapping is { IsEmpty: false } ? mapping.ToJson() : null;

    /// <summary>As they are stored: null for none.</summary>
    public static string? Stored(AnswerRule[]? rules) => rules is null ? null : AnswerRules.ToJson(rules);

    public static void CheckMapping(this FieldProblems problems, RequestMapping? mapping)
    {
        if ((mapping?.Problem ?? (mapping is null ? null : MappingSamples.Problem(mapping))) is { } problem)
            problems.Add("mapping", problem);
    }

    public static void CheckAnswerRules(this FieldProblems problems, AnswerRule[]? rules)
    {
        if (rules is not null && AnswerRules.Problem(rules) is { } problem)
            problems.Add("answer_rules", problem);
    }

    public static void CheckHeaders(this FieldProblems problems, IReadOnlyDictionary<string, string?>? headers)
    {
        if (headers?.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() < headers?.Count)
            problems.Add("headers", "Two headers differ only in case: to HTTP they are one.");
        foreach (var (name, value) in headers ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            var problem = RequestHeaders.NameProblem(name) ?? (value is null ? null : RequestHeaders.ValueProblem(value));
            if (problem is not null)
                problems.Add("headers", problem);
        }
    }

    public static FieldProblems Check(this NewSecret request, string signature, string secret)
    {
        var problems = new FieldProblems();
        problems.RequireText("secret", secret, most: 500);
        problems.CheckSignature(signature, secret);
        if ((request.OverlapHours ?? DefaultOverlapHours) is not (>= 0 and <= 168))
            problems.Add("overlap_hours", "'overlap_hours' must be from 0 to 168.");
        return problems;
    }

    public static void CheckSignature(this FieldProblems problems, string signature, string? secret)
    {
        if (SignatureSchemes.TryParse(signature) is not { } scheme)
            problems.Add("signature", "'signature' must be lead_router, standard_webhooks or both.");
        else if (scheme is not SignatureScheme.LeadRouter && secret is not null && !WebhookSecret.TryDecode(secret, out _))
            problems.Add("secret",
                "'secret' must be whsec_ and base64 of 24 to 64 bytes for Standard Webhooks; leave it to the router to generate one.");
    }
}
