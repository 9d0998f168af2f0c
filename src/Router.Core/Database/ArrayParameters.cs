using Npgsql;
using NpgsqlTypes;

namespace Router.Core.Database;

internal static class ArrayParameters
{
    /// <summary>Adds one column of a batch as an array parameter for <c>unnest</c>.</summary>
    public static void Add<TRow, TValue>(this NpgsqlCommand command, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> column)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = column(rows[i]);
        command.Parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
