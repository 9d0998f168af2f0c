namespace Router.Core.Deliveries;

/// <summary>An event for a site that isn't in the database: set aside, until the site is there or its operator decides.</summary>
public sealed class UnknownSiteException(Guid siteId) : Exception($"Site {siteId} is not in the database.");
