using System.Text.Json;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Api.Incoming;

/// <summary>What is particular to one of the endpoints that take leads.</summary>
/// <param name="Name">The endpoint's name.</param>
/// <param name="Action">What receivers see.</param>
internal sealed record LeadOperation(string Name, LeadAction Action)
{
    private const string PotentialSeller = "Potential Seller";

    public static readonly LeadOperation Create = new("createLead", LeadAction.Created)
    {
        Validate = LeadValidator.NewLead,
        Shape = (body, defaults) => LeadNormalizer.New(body.Raw, body.Root, defaults),
        MayChooseDestinations = true,
    };

    public static readonly LeadOperation CreatePotentialSeller = new("createPotentialSellerLead", LeadAction.Created)
    {
        Validate = LeadValidator.PotentialSeller,
        Shape = (body, defaults) => LeadNormalizer.WithRole(body.Raw, body.Root, PotentialSeller, defaults),
    };

    public static readonly LeadOperation Update = new("updateLead", LeadAction.Updated)
    {
        Validate = LeadValidator.ChangedLead,
        // Version 1 has no way to unset a field: what is empty was left out by the sender's form.
        Shape = (body, defaults) => LeadNormalizer.Changed(body.Raw, body.Root, defaults, dropEmpty: true),
    };

    public static readonly LeadOperation UpdateV2 = new("updateLeadV2", LeadAction.Updated)
    {
        Validate = LeadValidator.ChangedLead,
        Shape = (body, defaults) => LeadNormalizer.Changed(body.Raw, body.Root, defaults, dropEmpty: false),
    };

    public static readonly LeadOperation AddActivities = new("addActivities", LeadAction.ActivityAdded)
    {
        Expected = JsonValueKind.Array,
        Validate = LeadValidator.Activities,
        Shape = (body, defaults) => LeadNormalizer.Added(body.Raw, body.Root, defaults),
    };

    private static readonly LeadOperation[] All = [Create, CreatePotentialSeller, Update, UpdateV2, AddActivities];

    public JsonValueKind Expected { get; private init; } = JsonValueKind.Object;

    /// <summary>All that is wrong with the body.</summary>
    public required Func<JsonElement, IReadOnlyList<FieldError>> Validate { get; init; }

    /// <summary>What is published: the body as it came unless the contract says otherwise; null when that is too large.</summary>
    public required Func<LeadBody, LeadDefaults, RawJson?> Shape { get; init; }

    private bool MayChooseDestinations { get; init; }

    /// <summary>Those that the sender chose; null where the choice is the site's.</summary>
    public string[]? ChosenDestinations(HttpRequest request) => MayChooseDestinations ? Incoming.ChosenDestinations.Of(request) : null;

    /// <summary>What is wrong with the sender's choice, or null.</summary>
    public IncomingError? ProblemOfChoice(HttpRequest request) =>
        MayChooseDestinations ? Incoming.ChosenDestinations.Problem(request) : null;

    public static LeadOperation Of(string name) => Array.Find(All, operation => operation.Name == name)!;
}
