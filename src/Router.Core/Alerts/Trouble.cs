namespace Router.Core.Alerts;

/// <summary>What is found to need a person just now.</summary>
/// <param name="Subject">What it is about: one of it is in one trouble at a time.</param>
/// <param name="Kind">What is wrong with it.</param>
/// <param name="SiteId">Its site; null where a product is in trouble.</param>
/// <param name="DestinationId">The destination, where it is one.</param>
/// <param name="Product">The product's username, where it is one.</param>
/// <param name="Since">When that began; null where only finding it tells.</param>
/// <param name="Count">How many deliveries or requests it concerns.</param>
/// <param name="Detail">Why, in words; never contents.</param>
/// <param name="IsWorthTelling">Whether it has gone on for long enough. What was told stays open without.</param>
internal sealed record FoundTrouble(
    string Subject, TroubleKind Kind, Guid? SiteId, Guid? DestinationId, string? Product, DateTimeOffset? Since, int Count, string Detail,
    bool IsWorthTelling)
{
    /// <summary>
    /// Of a destination. Failing and on hold are one trouble that gets worse; whatever else is wrong is a trouble beside it.
    /// </summary>
    public static FoundTrouble OfDestination(
        TroubleKind kind, Guid site, Guid destination, DateTimeOffset? since, int count, string detail, bool isWorthTelling = true)
    {
        var what = kind is TroubleKind.Failing or TroubleKind.OnHold ? "destination" : kind.Text();
        return new FoundTrouble($"{what}:{destination:D}", kind, site, destination, Product: null, since, count, detail, isWorthTelling);
    }
}

/// <summary>A trouble that people were told of and that isn't over.</summary>
internal sealed record OpenTrouble(Guid Id, string Subject, string Kind, string ToldKind, int ToldCount, DateTimeOffset SeenAt);

/// <summary>What a person reads about a trouble.</summary>
/// <param name="Id">The trouble.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="SiteId">Its site; null where a product is in trouble.</param>
/// <param name="SiteName">The site's name.</param>
/// <param name="DestinationId">The destination, where it is one.</param>
/// <param name="DestinationName">What its owner calls it.</param>
/// <param name="Product">The product's username, where it is one.</param>
/// <param name="Since">When it began.</param>
/// <param name="EndedAt">When it was over; null while it isn't.</param>
/// <param name="Count">How many deliveries or requests it concerns.</param>
/// <param name="Detail">Why, in words.</param>
public sealed record Trouble(
    Guid Id, TroubleKind Kind, Guid? SiteId, string? SiteName, Guid? DestinationId, string? DestinationName, string? Product,
    DateTimeOffset Since, DateTimeOffset? EndedAt, int Count, string Detail);
