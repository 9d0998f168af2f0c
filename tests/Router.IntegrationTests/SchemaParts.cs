using Dapper;
using Npgsql;

namespace Router.IntegrationTests;

/// <summary>What a schema consists of, a text for each part, to be compared with another one.</summary>
internal static class SchemaParts
{
    // Everything that a migration could forget, but for the order of columns, and the partitions, which follow their tables.
    private const string Everything = """
        with tables as (
            select oid, relname from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
        )
        select format('column %s.%s %s%s default %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      case when a.attnotnull then ' not null' end, pg_get_expr(d.adbin, d.adrelid))
        from tables t join pg_attribute a on a.attrelid = t.oid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped
        union all select format('constraint %s.%s %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
        from tables t join pg_constraint c on c.conrelid = t.oid
        union all select format('index %s', pg_get_indexdef(i.indexrelid)) from tables t join pg_index i on i.indrelid = t.oid
        union all select format('trigger %s', pg_get_triggerdef(g.oid)) from tables t join pg_trigger g on g.tgrelid = t.oid
        where not g.tgisinternal
        union all select format('view %s %s', t.relname, pg_get_viewdef(t.oid)) from tables t join pg_class c on c.oid = t.oid
        where c.relkind = 'v'
        union all select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace
        order by 1
        """;

    public static async Task<List<string>> Of(NpgsqlConnection connection) => (await connection.QueryAsync<string>(Everything)).AsList();
}
