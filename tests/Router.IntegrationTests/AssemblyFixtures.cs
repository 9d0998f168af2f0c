using Router.IntegrationTests;
using Router.Testing;

[assembly: AssemblyFixture(typeof(TestServers))]
[assembly: TestCollectionOrderer(typeof(SlowFirst))]
