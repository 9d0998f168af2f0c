namespace Router.Core.Leads.Validation;

/// <summary>One thing that is wrong with a request, as one sentence that names the field and what it should be.</summary>
/// <param name="Sentence">For example <c>Property field 'full_baths' is not a valid integer.</c> Never holds the value.</param>
public readonly record struct FieldError(string Sentence)
{
    /// <summary>The sentence for a field of a lead, an activity, a property or a user.</summary>
    /// <param name="noun"><c>Lead</c>, <c>Activity</c>, <c>Property</c> or <c>User</c>.</param>
    /// <param name="field">The field's name.</param>
    /// <param name="complaint">For example <c>is required</c>.</param>
    public static FieldError Of(string noun, string field, string complaint) => new($"{noun} field '{field}' {complaint}.");
}
