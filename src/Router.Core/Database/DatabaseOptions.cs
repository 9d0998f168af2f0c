using System.ComponentModel.DataAnnotations;

namespace Router.Core.Database;

/// <summary>Section <c>Database</c>: where Postgres is. The same in all hosts.</summary>
public sealed class DatabaseOptions : IValidatableObject
{
    /// <summary>
    /// A URL by the rules of libpq (<c>postgres://user:password@host:port/database</c>) or an Npgsql connection
    /// string. Of several hosts (<c>postgres://user:password@db1:5432,db2/router</c>) the one that can be written to
    /// is used. Required.
    /// </summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The role that owns the tables, where hosts have one that doesn't: only the command <c>migrate</c> uses it, and
    /// gives the role of <see cref="ConnectionString"/> what hosts need. The same server and database. Default none: the
    /// hosts' role owns the tables.
    /// </summary>
    public string? OwnerConnectionString { get; set; }

    /// <summary>Connections that a host may hold in each of its two pools. Default 20.</summary>
    [Range(2, 1000)]
    public int MaxPoolSize { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ConnectionStrings.Problem(ConnectionString) is { } problem)
            yield return new ValidationResult(problem, [nameof(ConnectionString)]);
        if (OwnerConnectionString is { Length: > 0 } owner
            && ConnectionStrings.Problem(owner, $"Database:{nameof(OwnerConnectionString)}") is { } owners)
            yield return new ValidationResult(owners, [nameof(OwnerConnectionString)]);
    }
}
