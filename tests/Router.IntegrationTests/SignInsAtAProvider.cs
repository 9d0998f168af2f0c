using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>One router and one provider for the classes that sign in there: both take seconds to start.</summary>
[CollectionDefinition]
public sealed class SignInsAtAProvider : ICollectionFixture<ProviderRouter>;
