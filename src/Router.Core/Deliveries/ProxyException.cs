namespace Router.Core.Deliveries;

/// <summary>
/// Our proxy made no connection. The only way to say so from within the client; <see cref="AttemptErrors"/> makes a value of it.
/// </summary>
/// <param name="error">Why.</param>
/// <param name="reason">The same for operators, as the end of a sentence. Never the password.</param>
internal sealed class ProxyException(AttemptError error, string reason) : Exception($"The proxy {reason}.")
{
    public AttemptError Error => error;

    public string Reason => reason;

    /// <summary>Whether it couldn't even be connected to.</summary>
    public bool IsOfConnecting { get; init; }
}
