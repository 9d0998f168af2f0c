using Dapper;
using Npgsql;

namespace Router.Core.Destinations;

/// <summary>Encrypts what was stored before secrets were encrypted. Once for each database.</summary>
public sealed class OldSecrets(NpgsqlDataSource database, SecretProtection secrets)
{
    /// <summary>Encrypts them all in one transaction; how many there were.</summary>
    public async ValueTask<int> Protect(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(Guid Id, string Secret, string? Previous)>(new CommandDefinition(
            "select id, secret, previous_secret from destinations where secret like 'plain:%' for update", cancellationToken: cancellationToken))).AsList();
        foreach (var (id, secret, previous) in rows)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "update destinations set secret = @Secret, previous_secret = @Previous where id = @id",
                new { id, Secret = Again(secret), Previous = previous is null ? null : Again(previous) }, cancellationToken: cancellationToken));
        }

        await transaction.CommitAsync(cancellationToken);
        return rows.Count;
    }

    private string Again(string stored) => secrets.Protect(stored[SecretProtection.PlainPrefix.Length..]);
}
