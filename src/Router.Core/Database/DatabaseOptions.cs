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

    /// <summary>Connections that a host may hold in each of its two pools. Default 20.</summary>
    [Range(2, 1000)]
    public int MaxPoolSize { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        ConnectionStrings.Problem(ConnectionString) is { } problem ? [new ValidationResult(problem, [nameof(ConnectionString)])] : [];
}
