using System.ComponentModel.DataAnnotations;

namespace Router.Hosting.ApiSettings;

/// <summary>
/// Section <c>Sessions</c>: how long somebody stays signed in on the pages. The limits are checked by the API with each request,
/// whatever the browser says.
/// </summary>
internal sealed class SessionLimitOptions : IValidatableObject
{
    /// <summary>
    /// A session that is not used for this long ends, 1 minute to 30 days. It is measured to the minute. Default 2 hours.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan IdleLimit { get; set; } = TimeSpan.FromHours(2);

    /// <summary>
    /// A session ends after this long even if it is used, up to 90 days. Not shorter than <see cref="IdleLimit"/>. Default 12 hours.
    /// </summary>
    public TimeSpan AbsoluteLimit { get; set; } = TimeSpan.FromHours(12);

    /// <summary>
    /// How long somebody who has given the password, or shown otherwise to be the account, may do what needs that, such as make a token or
    /// change a secret: 1 minute to 1 day. Then it is asked for again. Default 10 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan ConfirmationLasts { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AbsoluteLimit < IdleLimit)
            yield return new ValidationResult("Must not be shorter than IdleLimit.", [nameof(AbsoluteLimit)]);
        if (AbsoluteLimit > TimeSpan.FromDays(90))
            yield return new ValidationResult("Must be 90 days or less.", [nameof(AbsoluteLimit)]);
    }
}
