namespace Router.DeployTests;

/// <summary>Tests that share the images, and the machine: one class after the other.</summary>
[CollectionDefinition(nameof(WithImages))]
public sealed class WithImages : ICollectionFixture<Images>;
