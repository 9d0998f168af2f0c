namespace Router.BrowserTests;

/// <summary>One browser and one router at a host name for the classes about passkeys.</summary>
[CollectionDefinition]
public sealed class Passkeys : ICollectionFixture<Browser>, ICollectionFixture<PasskeyRouter>;
