using Microsoft.Extensions.Options;
using Router.Core.Retention;

namespace Router.Api.Management;

/// <summary>What to say where a lead's contents are gone.</summary>
internal sealed class DeletedContents(IOptions<RetentionOptions> options)
{
    public string Sentence =>
        $"The contents of this lead were deleted, after {options.Value.BodiesAfter.TotalDays:0.#} days or because somebody asked for it: "
        + "there is nothing left to send.";
}
