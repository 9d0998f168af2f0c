using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// What Postgres answers about the very row it was given. This is an allow-list: everything else, known or not, is about the server, the
/// role, the schema or a pooler in between, and a lead waits for that to be put right.
/// </summary>
internal static class RowFaults
{
    private static readonly HashSet<string> States = new(StringComparer.Ordinal)
    {
        PostgresErrorCodes.StringDataRightTruncation,
        PostgresErrorCodes.NullValueNotAllowed,
        PostgresErrorCodes.NumericValueOutOfRange,
        PostgresErrorCodes.InvalidDatetimeFormat,
        PostgresErrorCodes.DatetimeFieldOverflow,
        PostgresErrorCodes.IntervalFieldOverflow,
        // A NUL, or bytes that aren't UTF-8.
        PostgresErrorCodes.CharacterNotInRepertoire,
        PostgresErrorCodes.UntranslatableCharacter,
        PostgresErrorCodes.InvalidTextRepresentation,
        PostgresErrorCodes.InvalidBinaryRepresentation,
        PostgresErrorCodes.ArraySubscriptError,
        PostgresErrorCodes.NotNullViolation,
        PostgresErrorCodes.ForeignKeyViolation,
        PostgresErrorCodes.UniqueViolation,
        PostgresErrorCodes.ExclusionViolation,
        // Too large for an index or a page.
        PostgresErrorCodes.ProgramLimitExceeded,
    };

    /// <summary>Whether the same row will be refused again, and others won't.</summary>
    public static bool Is(PostgresException refused) =>
        // A row without a partition violates a check, too, but none that has a name.
        refused.SqlState == PostgresErrorCodes.CheckViolation ? !string.IsNullOrEmpty(refused.ConstraintName)
            : States.Contains(refused.SqlState);

    /// <summary>
    /// Whether it may be one row of many that brings this about, although it doesn't read like that: not where the server is away, full,
    /// starting, read-only, locked, or out of connections.
    /// </summary>
    public static bool MayBeOne(PostgresException refused) =>
        refused.SqlState.Length == 5 && refused.SqlState[..2] is not ("08" or "25" or "28" or "3D" or "40" or "53" or "55" or "57" or "58");
}
