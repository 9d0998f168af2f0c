using Npgsql;
using NpgsqlTypes;

namespace Router.Core.Database;

internal static class ArrayParameters
{
    /// <summary>Adds one column of a batch as an array parameter for <c>unnest</c>.</summary>
    public static void Add<TRow, TValue>(
        this NpgsqlCommand command, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> column) =>
        command.Parameters.Add(type, rows, column);

    /// <inheritdoc cref="Add{TRow, TValue}(NpgsqlCommand, NpgsqlDbType, IReadOnlyList{TRow}, Func{TRow, TValue})"/>
    public static void Add<TRow, TValue>(
        this NpgsqlParameterCollection parameters, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> column)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = column(rows[i]);
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    /// <summary>
    /// Adds the least and the greatest event id of a batch, for a <c>between</c>: from them Postgres knows which days of the ledger a
    /// statement is about. Without, it would plan for and lock each partition and each of their indexes, hundreds of them.
    /// </summary>
    public static void AddSpan<TRow>(this NpgsqlCommand command, IReadOnlyList<TRow> rows, Func<TRow, Guid?> id) =>
        command.Parameters.AddSpan(rows, id);

    /// <inheritdoc cref="AddSpan{TRow}(NpgsqlCommand, IReadOnlyList{TRow}, Func{TRow, Guid?})"/>
    public static void AddSpan<TRow>(this NpgsqlParameterCollection parameters, IReadOnlyList<TRow> rows, Func<TRow, Guid?> id)
    {
        // .NET compares UUIDs as Postgres does: by their bytes as they are written.
        var ids = rows.Select(id).Where(value => value is not null);
        foreach (var bound in new[] { ids.Min(), ids.Max() })
            parameters.Add(new NpgsqlParameter { Value = (object?)bound ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
    }
}
