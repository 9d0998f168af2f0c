using Dapper;
using Npgsql;
using Router.Api.Authentication;

namespace Router.Api.Changes;

/// <summary>Begins changes of the configuration. Triggers write the audit log; this tells them who it was.</summary>
internal sealed class ConfigurationChanges(NpgsqlDataSource database, IHttpContextAccessor http)
{
    /// <summary>Who makes this request.</summary>
    public Account Account => http.HttpContext!.Account();

    /// <summary>By the account of this request.</summary>
    public Task<ConfigurationChange> Begin(CancellationToken cancellationToken) => Begin(Account.Actor, cancellationToken);

    /// <summary>By somebody who isn't signed in yet.</summary>
    public async Task<ConfigurationChange> Begin(string actor, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(
                "select set_config('router.actor', @actor, true)", new { actor }, cancellationToken: cancellationToken));
            return new ConfigurationChange(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

internal static class ChangesHosting
{
    /// <summary>What every change of the configuration begins with.</summary>
    public static void AddConfigurationChanges(this IServiceCollection services) =>
        services.AddHttpContextAccessor().AddSingleton<ConfigurationChanges>().AddSingleton<ChangeRate>();
}
