using System.Net.Sockets;

namespace Router.Core.Deliveries;

/// <summary>
/// What TLS is spoken over: fails at once, and tells why, when the other side answers in something else, most often plain HTTP.
/// </summary>
internal sealed class TlsTransport(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private bool _isTls;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isTls ? base.ReadAsync(buffer, cancellationToken) : ReadFirst(buffer, cancellationToken);

    private async ValueTask<int> ReadFirst(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await base.ReadAsync(buffer, cancellationToken);
        // The types of TLS records, from change_cipher_spec to application_data.
        if (read > 0 && buffer.Span[0] is < 20 or > 23)
            throw new NotTlsException();
        _isTls = read > 0;
        return read;
    }
}

/// <summary>The receiver speaks no TLS; <see cref="TlsFailures"/> makes a value of it.</summary>
internal sealed class NotTlsException() : IOException("The receiver answered in something else than TLS.");
