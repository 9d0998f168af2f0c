using Dapper;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// What the hosts' role may do where it doesn't own the tables: read and write rows, and neither change nor drop a table. What was written
/// into the audit log stays as it is. Given anew after each change of the schema.
/// </summary>
internal static class HostsRights
{
    // Set in a setting of the transaction: a block takes no parameters.
    private const string Give = """
        do $$
        declare
            hosts  constant text := current_setting('router.hosts');
            schema constant text := current_schema();
            owned  regprocedure;
        begin
            execute format('revoke create on schema %I from public, %I', schema, hosts);
            execute format('grant usage on schema %I to %I', schema, hosts);
            execute format('grant select, insert, update, delete on all tables in schema %I to %I', schema, hosts);
            -- The days of the ledger that are made from now on.
            execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I', schema, hosts);
            execute format('revoke update, delete on audit_log from %I', hosts);
            execute format('revoke insert, update, delete on schema_migrations from %I', hosts);
            for owned in select oid from pg_proc where pronamespace = schema::regnamespace and prosecdef loop
                execute format('grant execute on function %s to %I', owned, hosts);
            end loop;
            -- So that copies of days can be frozen at once.
            if current_setting('server_version_num')::int >= 170000 then
                execute format('grant maintain on all tables in schema %I to %I', schema, hosts);
                execute format('alter default privileges in schema %I grant maintain on tables to %I', schema, hosts);
            end if;
        end $$
        """;

    /// <param name="owner">Connections of the tables' owner.</param>
    /// <param name="hosts">The hosts' role.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidOperationException">They can't be given; the text says why.</exception>
    public static async Task Grant(NpgsqlDataSource owner, string hosts, CancellationToken cancellationToken)
    {
        await using var connection = await owner.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await connection.ExecuteAsync(
                "select pg_advisory_xact_lock(@Lock), set_config('router.hosts', @hosts, true)", new { SchemaSteps.Lock, hosts },
                transaction, commandTimeout: 0);
            await connection.ExecuteAsync(Give, transaction: transaction);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            throw new InvalidOperationException(
                $"Postgres has no role {hosts}, which Database:ConnectionString names: make it first (create role … login).", missing);
        }
        catch (PostgresException denied) when (denied.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(
                "The role of Database:OwnerConnectionString doesn't own the router's tables, and so can't let the hosts' role use them.",
                denied);
        }
    }
}
