using Dapper;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Accounts;

/// <summary>In which time zone the pages of an account tell times.</summary>
internal sealed class TimeZoneChoice(ConfigurationChanges changes)
{
    /// <summary>What somebody has chosen.</summary>
    public Task Choose(string zone, CancellationToken cancellationToken) =>
        Save(changes.Account.Actor, changes.Account.Id, zone, isChosen: true, cancellationToken);

    /// <summary>What the browser of somebody who signs in says, for an account that has none yet.</summary>
    public async Task Suggest(SessionOwner owner, string? zone, CancellationToken cancellationToken)
    {
        if (zone is { Length: > 0 and < 100 } && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var known) && known.HasIanaId)
            await Save(owner.Email, owner.Id, zone, isChosen: false, cancellationToken);
    }

    private async Task Save(string actor, Guid account, string zone, bool isChosen, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(actor, cancellationToken);
        await change.Connection.ExecuteAsync(
            "update accounts set time_zone = @zone where id = @account and (@isChosen or time_zone is null)",
            new { account, zone, isChosen });
        await change.Commit(cancellationToken);
    }
}
