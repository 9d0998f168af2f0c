namespace Router.Core.Mapping;

/// <summary>A mapping can't be applied to an event.</summary>
/// <param name="sentence">Why, for whoever keeps the mapping. Nothing of the event's contents.</param>
public sealed class MappingException(string sentence) : Exception(sentence);
