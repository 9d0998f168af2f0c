namespace Router.Api.Pages;

/// <summary>Where a page is: the pages above it.</summary>
internal sealed record Trail(params (string Path, string Name)[] Steps);
