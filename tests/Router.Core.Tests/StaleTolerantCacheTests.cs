using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Tests;

public sealed class StaleTolerantCacheTests
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _reads = [];
    private readonly StaleTolerantCache<string, string> _cache;
    private Func<string, Task<string?>> _database = key => Task.FromResult<string?>($"{key} 1");

    public StaleTolerantCacheTests() => _cache = new StaleTolerantCache<string, string>(
        (key, _) =>
        {
            _reads.Add(key);
            return _database(key);
        },
        MaxAge, _time);

    [Fact]
    public async Task Value_ReadOnce_IsKnownUntilItsChangeIsAnnounced()
    {
        Assert.Equal("a 1", await Get("a"));
        _database = key => Task.FromResult<string?>($"{key} 2");
        Assert.Equal("a 1", await Get("a"));
        _cache.Invalidate("another");
        Assert.Equal("a 1", await Get("a"));
        Assert.Single(_reads);

        _cache.Invalidate("a");
        Assert.Equal("a 2", await Get("a"));
        _cache.InvalidateAll();
        Assert.Equal("a 2", await Get("a"));
        Assert.Equal(3, _reads.Count);
    }

    [Fact]
    public async Task Value_ThatIsUnknown_IsRememberedAsSuch()
    {
        _database = _ => Task.FromResult<string?>(null);
        Assert.Null(await Get("a"));
        Assert.Null(await Get("a"));
        Assert.Single(_reads);
    }

    [Fact]
    public async Task Unknown_ManyKeys_AreForgottenAndKnownOnesAreNot()
    {
        Assert.Equal("known 1", await Get("known"));
        _database = _ => Task.FromResult<string?>(null);
        for (var i = 0; i <= 10_000; i++)
            await Get($"guess {i}");
        _reads.Clear();
        await Get("guess 1");
        Assert.Equal("known 1", await Get("known"));
        Assert.Equal(["guess 1"], _reads);
    }

    [Fact]
    public async Task Value_ThatIsOld_IsAnsweredAtOnceAndReadAgainBesides()
    {
        await Get("a");
        var reading = new TaskCompletionSource<string?>();
        _database = _ => reading.Task;
        _time.Advance(MaxAge + TimeSpan.FromSeconds(1));
        Assert.Equal("a 1", await Get("a"));
        Assert.Equal("a 1", await Get("a"));
        Assert.Equal(2, _reads.Count);
        reading.SetResult("a 2");
        Assert.Equal("a 2", await Get("a"));
    }

    [Fact]
    public async Task Value_ThatCannotBeReadAgain_IsTriedAgainAfterAnotherWhile()
    {
        await Get("a");
        _database = _ => Task.FromException<string?>(new NpgsqlException("gone"));
        for (var i = 0; i < 2; i++)
        {
            _time.Advance(MaxAge + TimeSpan.FromSeconds(1));
            Assert.Equal("a 1", await Get("a"));
            Assert.Equal("a 1", await Get("a"));
        }

        Assert.Equal(3, _reads.Count);
    }

    [Fact]
    public async Task Database_Away_IsNoMatterForWhatWasKnown()
    {
        await Get("a");
        _database = _ => Task.FromException<string?>(new NpgsqlException("gone"));
        _cache.InvalidateAll();
        Assert.Equal("a 1", await Get("a"));
        await Assert.ThrowsAsync<NpgsqlException>(() => Get("b"));
    }

    [Fact]
    public async Task Database_ThatHangs_IsWaitedForNoLongerThanASenderCan()
    {
        await Get("a");
        var reading = new TaskCompletionSource<string?>();
        _database = _ => reading.Task;
        _cache.Invalidate("a");
        var asked = Get("a");
        Assert.False(asked.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a 1", await asked);
        // Its answer is for the next one.
        reading.SetResult("a 2");
        Assert.Equal("a 2", await Get("a"));
    }

    [Fact]
    public async Task Change_AnnouncedWhileItIsRead_IsReadOnceMore()
    {
        var reading = new TaskCompletionSource<string?>();
        _database = _ => reading.Task;
        var asked = Get("a");
        _cache.Invalidate("a");
        reading.SetResult("a 1");
        Assert.Equal("a 1", await asked);
        _database = _ => Task.FromResult<string?>("a 2");
        Assert.Equal("a 2", await Get("a"));
    }

    private Task<string?> Get(string key) => _cache.Get(key, TestContext.Current.CancellationToken).AsTask();
}
