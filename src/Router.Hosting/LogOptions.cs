using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>Log</c>: the lines that a host writes to its console.</summary>
internal sealed class LogOptions
{
    /// <summary>How a line is written: <c>json</c> for programs, <c>text</c> for people. Default <c>json</c>.</summary>
    [Required, RegularExpression("^(json|text)$", ErrorMessage = "must be json or text.")]
    public string Format { get; set; } = "json";

    /// <summary>
    /// Lines that may wait while nobody reads the console. Further ones are dropped and counted. Default 10,000.
    /// </summary>
    [Range(10, 1_000_000)]
    public int Buffer { get; set; } = 10_000;
}
