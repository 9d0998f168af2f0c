using System.ComponentModel.DataAnnotations;

namespace Router.Core.Database;

/// <summary>Section <c>Database</c>.</summary>
public sealed class DatabaseOptions : IValidatableObject
{
    /// <summary>
    /// Where Postgres is: a <c>postgres://user:password@host:port/database</c> URL or an Npgsql connection string. Required.
    /// </summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>Connections a host may hold, each of its two pools. Default 20.</summary>
    [Range(2, 1000)]
    public int MaxPoolSize { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        ConnectionStrings.Problem(ConnectionString) is { } problem ? [new ValidationResult(problem, [nameof(ConnectionString)])] : [];
}
