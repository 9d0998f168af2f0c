namespace Router.Architecture.Tests.Packages;

/// <summary>Whoever has the router may use, change and pass on all that is in it.</summary>
public sealed class LicenceTests
{
    private static readonly string[] Permissive = ["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PostgreSQL"];

    // In tests alone, which nobody installs: changes of its own files would have to be published.
    private static readonly string[] InTestsOnly = ["MPL-2.0"];

    // Their licence is a text in the package, which somebody has read.
    private static readonly string[] Read = ["Otp.NET 1.4.1", "SmtpServer 11.1.0"]; // MIT, both

    [Fact]
    public void Licence_OfEachPackage_IsPermissive()
    {
        var refused = LockedPackages.All.Where(package => !IsFine(package))
            .Select(package =>
                $"{package.Name} {package.Version}: {package.Licence ?? "its licence is a text: read it, and name it here"}");
        Assert.Empty(refused);
    }

    [Fact]
    public void Packages_ThatMustBePaidForInLaterVersions_AreOfTheOlderOne()
    {
        var masstransit = LockedPackages.All.Where(package => package.Name.StartsWith("MassTransit", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(masstransit);
        Assert.All(masstransit, package => Assert.StartsWith("8.", package.Version, StringComparison.Ordinal));
    }

    private static bool IsFine(LockedPackage package) =>
        package.Licence is { } licence
            // Of several to choose from one is enough.
            ? licence.Split(" OR ").Any(one => Permissive.Contains(one) || !package.IsShipped && InTestsOnly.Contains(one))
            : Read.Contains($"{package.Name} {package.Version}");
}
