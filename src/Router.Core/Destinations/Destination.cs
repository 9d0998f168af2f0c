using Router.Core.Leads;
using Router.Core.Mapping;
using Router.Core.Sites;

namespace Router.Core.Destinations;

/// <summary>What a destination is.</summary>
public enum DestinationKind
{
    /// <summary>The site's CRM: always there, always active.</summary>
    LeadManager,

    /// <summary>Connected from the catalogue of integrations.</summary>
    Registered,

    /// <summary>A custom API of the site's owner.</summary>
    Custom,
}

/// <summary>The words for kinds, in <c>destinations.kind</c> and in JSON.</summary>
public static class DestinationKinds
{
    private static readonly Dictionary<string, DestinationKind> ByText =
        Enum.GetValues<DestinationKind>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this DestinationKind kind) => kind switch
    {
        DestinationKind.LeadManager => "lead_manager",
        DestinationKind.Registered => "registered",
        DestinationKind.Custom => "custom",
    };

    /// <summary>The kind of a word from the database.</summary>
    public static DestinationKind Parse(string text) => ByText[text];
}

/// <summary>Where a site's leads go.</summary>
/// <param name="Id">Its id, also after a change of name or URL.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Url">Where to POST; null when what is stored is no URL, so that only this destination fails.</param>
/// <param name="PartnerId">Put into each body; may be empty.</param>
/// <param name="Signing">How its requests are signed.</param>
/// <param name="IsPaused">Whether its deliveries are held rather than sent.</param>
public sealed record Destination(
    Guid Id, DestinationKind Kind, string Name, Uri? Url, string PartnerId, Signing Signing, bool IsPaused = false)
{
    /// <summary>The longest <see cref="Timeout"/>.</summary>
    internal static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Whether this is the site's Lead Manager.</summary>
    public bool IsLeadManager => Kind is DestinationKind.LeadManager;

    /// <summary>What it has of its own. What a lead's way needs in another form is below.</summary>
    public OwnSettings Own { get; init; } = new();

    /// <summary>Whether an event waits there until the earlier ones of its lead have been delivered or given up.</summary>
    public bool KeepsOrder => Own.KeepOrder ?? true;

    /// <summary>What it gets; null for everything. News of its own switch come in any case.</summary>
    public IReadOnlyList<LeadAction>? Actions { get; init; }

    /// <summary>The delay before each retry; null for the router's own schedule.</summary>
    public IReadOnlyList<TimeSpan>? RetrySchedule { get; init; }

    /// <summary>How long a whole request may take; null for the router's own limit.</summary>
    public TimeSpan? Timeout => Seconds(Own.Timeout);

    /// <summary>After which time a lead that hasn't arrived is given up; null for never.</summary>
    public TimeSpan? TimeToLive => Seconds(Own.TimeToLive);

    /// <summary>How our events become its requests; null for our own format.</summary>
    public CompiledMapping? Mapping { get; init; }

    /// <summary>What its answers mean where that isn't what their status says; null for the usual.</summary>
    public AnswerRules? AnswerRules { get; init; }

    /// <summary>Whether it gets events of this action.</summary>
    public bool Wants(LeadAction action) => (Actions is null || Actions.Contains(action)) && Understands(action);

    /// <summary>Whether there is a request for events of this action.</summary>
    public bool Understands(LeadAction action) => Mapping is null || Mapping.Maps(action);

    /// <summary>The request's body, when its turn to be made has come.</summary>
    /// <param name="action">One that it understands.</param>
    /// <param name="body">The event's body, but for the Partner ID.</param>
    /// <param name="cancellationToken">Ends the wait for its turn.</param>
    public async ValueTask<OutgoingContent> ContentOf(LeadAction action, OutgoingBody body, CancellationToken cancellationToken) =>
        (await TryContentOf(action, body, System.Threading.Timeout.InfiniteTimeSpan, cancellationToken))!.Value;

    /// <summary>The same; null where its turn doesn't come in time.</summary>
    /// <inheritdoc cref="ContentOf"/>
    public async ValueTask<OutgoingContent?> TryContentOf(
        LeadAction action, OutgoingBody body, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        if (Mapping is null)
            return OutgoingContent.OfOwn(body.For(PartnerId));

        // The body in its turn only: what waits holds none of its own.
        return await MappingTurns.Take(body.Site, () => Mapped(action, body.For(PartnerId), Mapping), patience, cancellationToken);
    }

    private static OutgoingContent Mapped(LeadAction action, byte[] own, CompiledMapping mapping)
    {
        try
        {
            return new OutgoingContent(mapping.Apply(action, own), mapping.ContentType, own);
        }
        catch (MappingException failed)
        {
            return new OutgoingContent([], mapping.ContentType, own) { Problem = failed.Message };
        }
    }

    /// <summary>What each request carries besides our own headers; null when what is stored can't be decrypted.</summary>
    public IReadOnlyList<RequestHeader>? Headers { get; init; } = [];

    /// <summary>By which its requests get an access token; null where they carry none.</summary>
    public OAuthClient? OAuth { get; init; }

    /// <summary>What its connections present; null for none.</summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>Whether a request can be made: all its secrets can be read, and the one of the signature fits that.</summary>
    public bool CanBeSentTo =>
        Signing.CanSign && Headers is not null && OAuth is null or { ClientSecret: not null } && Certificate is null or { Pem: not null };

    /// <summary>The same with an access token.</summary>
    public Destination With(AccessToken token) => this with
    {
        Headers =
        [
            .. (Headers ?? []).Where(header => !header.Name.Equals(token.Header.Name, StringComparison.OrdinalIgnoreCase)), token.Header,
        ],
    };

    /// <summary>The same for people to look at: values of headers, an access token's too, are hidden.</summary>
    public Destination WithHiddenHeaders()
    {
        var hidden = this with { Headers = [.. (Headers ?? []).Select(header => header with { Value = RequestHeader.Hidden })] };
        return OAuth is null ? hidden : hidden.With(AccessToken.Hidden);
    }

    /// <summary>The name composed and decomposed (é as one character and as two), for senders spell it either way.</summary>
    public IReadOnlyList<string> Spellings { get; init; } = [Name];

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{Kind.Text()} {Id}";

    private static TimeSpan? Seconds(int? seconds) => seconds is { } count ? TimeSpan.FromSeconds(count) : null;
}

/// <summary>A site with its active destinations, as one consistent reading.</summary>
/// <param name="Id">The site.</param>
/// <param name="Domain">For <c>site_domain</c>.</param>
/// <param name="LoginUrlTemplate">For <c>site_login_url</c>; null when the site has none.</param>
/// <param name="Active">The destinations that get leads, Lead Manager first.</param>
public sealed record SiteDestinations(Guid Id, string Domain, string? LoginUrlTemplate, IReadOnlyList<Destination> Active)
{
    /// <summary>What an operator lets it have instead of the router's own limits; null for nothing.</summary>
    public OwnLimits? Limits { get; init; }

    /// <summary>The active destination of that id, or null.</summary>
    public Destination? Find(Guid id) => Active.FirstOrDefault(destination => destination.Id == id);

    /// <summary>
    /// The active destinations that want this and that a sender chose by name or id, Lead Manager always among them, and the choices that
    /// name none.
    /// </summary>
    /// <param name="chosen">Null for all of them.</param>
    /// <param name="action">What the event tells.</param>
    public (IReadOnlyList<Destination> Destinations, string[]? Unknown) Choose(IReadOnlyList<string>? chosen, LeadAction action)
    {
        if (chosen is null)
            return (Active.All(destination => destination.Wants(action)) ? Active : [.. Active.Where(one => one.Wants(action))], null);

        var names = new ChosenNames(chosen);
        // All of them, so that each marks what it is called.
        var destinations = Active.Where(destination => names.Name(destination) || destination.IsLeadManager).ToList();
        destinations.RemoveAll(destination => !destination.Wants(action));
        return (destinations, names.Unknown is { Length: > 0 } unknown ? unknown : null);
    }
}
