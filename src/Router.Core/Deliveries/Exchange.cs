namespace Router.Core.Deliveries;

/// <summary>
/// What a request finds out about its connection that the client doesn't tell: whether it carried requests before, and how the answer
/// begins. <see cref="TappedStream"/> sees the bytes.
/// </summary>
internal sealed class Exchange
{
    private static readonly AsyncLocal<Exchange?> Running = new();

    private TappedStream? _connection;
    private bool _isReused;

    /// <summary>The request that the calling code sends.</summary>
    public static Exchange? Current => Running.Value;

    /// <summary>The status, where the answer's status line can be read: it decides, whatever is wrong with what follows it.</summary>
    public int? Status => _connection is null ? null : StatusLine.Read(_connection.Beginning);

    /// <summary>Whether something came back that calls itself HTTP.</summary>
    public bool IsHttp => _connection is not null && StatusLine.IsHttp(_connection.Beginning);

    /// <summary>
    /// Whether the connection was an old one and not a byte came back on it: most likely the receiver had closed it, idle, at the moment in
    /// which the request set out.
    /// </summary>
    public bool IsUnansweredOnReuse => _isReused && _connection!.Beginning.IsEmpty;

    /// <summary>For the request that is sent from here on, until the calling method returns.</summary>
    public static Exchange Begin() => Running.Value = new Exchange();

    /// <summary>The request is written to this connection.</summary>
    public void UseConnection(TappedStream connection, bool isReused) => (_connection, _isReused) = (connection, isReused);
}
