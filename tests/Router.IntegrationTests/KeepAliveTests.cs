using System.Globalization;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A server that vanishes without a word can't be made on loopback; that somebody would notice can be seen.</summary>
public sealed class KeepAliveTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Established = "01";
    private const string KeepAliveTimer = "02";

    [Fact]
    public async Task Connections_ToPostgres_AreKeptAliveByTheKernel()
    {
        var port = new Uri(shared.Router.Settings["Database:ConnectionString"]).Port;
        var names = await File.ReadAllLinesAsync("/proc/net/tcp", TestContext.Current.CancellationToken);
        // sl, local address, remote address, state, queues, timer and when it ends, …
        var timers = names.Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == Established && Port(fields[2]) == port)
            .Select(fields => fields[5][..2]).ToList();
        // The tests' own connections aren't.
        Assert.InRange(timers.Count(timer => timer == KeepAliveTimer), 2, timers.Count);
    }

    private static int Port(string address) =>
        int.Parse(address[(address.IndexOf(':', StringComparison.Ordinal) + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
