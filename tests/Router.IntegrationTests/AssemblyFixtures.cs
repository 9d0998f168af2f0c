using Router.Testing;

[assembly: AssemblyFixture(typeof(TestServers))]
