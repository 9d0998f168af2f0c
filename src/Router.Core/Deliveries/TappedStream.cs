using System.Runtime.CompilerServices;

namespace Router.Core.Deliveries;

/// <summary>
/// A connection, behind TLS, that remembers which request it carries and how its answer begins. For
/// <see cref="SocketsHttpHandler.PlaintextStreamFilter"/>.
/// </summary>
internal sealed class TappedStream(Stream connection) : Stream
{
    /// <summary>Enough for a status line and some interim answers before it.</summary>
    private readonly byte[] _beginning = new byte[512];

    private Exchange? _exchange;
    private int _length;

    /// <summary>The first bytes of the answer to the last request.</summary>
    public ReadOnlySpan<byte> Beginning => _beginning.AsSpan(0, _length);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // The client writes in the flow of the request, unlike it reads: it reads ahead, to notice a connection that is closed.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Exchange.Current is { } current && current != _exchange)
        {
            current.UseConnection(this, isReused: _exchange is not null);
            (_exchange, _length) = (current, 0);
        }

        return connection.WriteAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await connection.ReadAsync(buffer, cancellationToken);
        if (_length < _beginning.Length)
            Keep(buffer.Span[..read]);
        return read;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override void Flush() => connection.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }

    private void Keep(ReadOnlySpan<byte> read)
    {
        var kept = read[..Math.Min(read.Length, _beginning.Length - _length)];
        kept.CopyTo(_beginning.AsSpan(_length));
        _length += kept.Length;
    }
}
