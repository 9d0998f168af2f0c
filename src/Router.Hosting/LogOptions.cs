using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>Log</c>.</summary>
internal sealed class LogOptions
{
    /// <summary><c>json</c> (default) or <c>text</c>.</summary>
    [Required, RegularExpression("^(json|text)$", ErrorMessage = "must be json or text.")]
    public string Format { get; set; } = "json";

    /// <summary>Lines that may wait while nobody reads the console; what comes beyond that is dropped and counted. Default 10,000.</summary>
    [Range(10, 1_000_000)]
    public int Buffer { get; set; } = 10_000;
}
