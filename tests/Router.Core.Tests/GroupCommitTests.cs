using Npgsql;
using Router.Core.Database;

namespace Router.Core.Tests;

/// <summary>Without a database that is waited for: what each caller is told of its row.</summary>
public sealed class GroupCommitTests
{
    [Fact]
    public async Task Rows_HandedInWhileACommitRuns_GoTogetherIntoTheNext()
    {
        using var writer = new Writer();
        await writer.StartAsync(TestContext.Current.CancellationToken);
        var gate = writer.Hold();
        var first = writer.Add(0);
        await writer.Writing;
        var others = Enumerable.Range(1, 40).Select(writer.Add).ToList();
        gate.SetResult();
        Assert.Equal(0, await first);
        Assert.Equal(Enumerable.Range(1, 40), await Task.WhenAll(others));
        Assert.Equal([1, 40], writer.Commits.Select(rows => rows.Length));
    }

    [Fact]
    public async Task Rows_MoreThanACommitTakes_GoIntoSeveral()
    {
        using var writer = new Writer();
        var all = Enumerable.Range(0, 1_200).Select(writer.Add).ToList();
        await writer.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 1_200), await Task.WhenAll(all));
        Assert.Equal([500, 500, 200], writer.Commits.Select(rows => rows.Length));
    }

    [Fact]
    public async Task Row_ThatIsRefused_TakesNoOtherAlong()
    {
        using var writer = new Writer { Refused = 17 };
        var all = Enumerable.Range(0, 100).Select(writer.Add).ToList();
        await writer.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < all.Count; i++)
        {
            if (i == 17)
                await Assert.ThrowsAsync<PostgresException>(() => all[17]);
            else
                Assert.Equal(i, await all[i]);
        }
    }

    [Fact]
    public async Task Database_Away_IsToldToAllThatWait()
    {
        using var writer = new Writer { IsAway = true };
        var all = Enumerable.Range(0, 600).Select(writer.Add).ToList();
        await writer.StartAsync(TestContext.Current.CancellationToken);
        foreach (var row in all)
            await Assert.ThrowsAsync<NpgsqlException>(() => row);
        Assert.Single(writer.Commits);

        writer.IsAway = false;
        Assert.Equal(7, await writer.Add(7));
    }

    [Fact]
    public async Task Host_Stopping_TellsThoseThatWait()
    {
        using var writer = new Writer();
        await writer.StartAsync(TestContext.Current.CancellationToken);
        writer.Hold();
        var held = writer.Add(1);
        await writer.Writing;
        var behind = writer.Add(2);
        await writer.StopAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => behind);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.Add(3));
    }

    private sealed class Writer() : GroupCommit<int, int>(availability: null)
    {
        private readonly TaskCompletionSource _writing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task _gate = Task.CompletedTask;

        public List<int[]> Commits { get; } = [];

        public int? Refused { get; init; }

        public bool IsAway { get; set; }

        /// <summary>Once a commit has begun.</summary>
        public Task Writing => _writing.Task;

        public Task<int> Add(int row) => Commit(row);

        public TaskCompletionSource Hold()
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _gate = gate.Task;
            return gate;
        }

        protected override async ValueTask<IReadOnlyList<int>> Write(IReadOnlyList<int> rows, CancellationToken cancellationToken)
        {
            Commits.Add([.. rows]);
            _writing.TrySetResult();
            await _gate.WaitAsync(cancellationToken);
            if (IsAway)
                throw new NpgsqlException("gone", new IOException());
            if (Refused is { } refused && rows.Contains(refused))
                throw new PostgresException("refused", "ERROR", "ERROR", PostgresErrorCodes.CharacterNotInRepertoire);
            return rows;
        }
    }
}
