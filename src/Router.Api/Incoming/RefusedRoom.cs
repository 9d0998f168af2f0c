namespace Router.Api.Incoming;

/// <summary>
/// How much of what was refused may wait to be kept; half of it is one product's at most, so that one that sends rubbish costs the others
/// no copies.
/// </summary>
internal sealed class RefusedRoom(int most, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Count, long Bytes)> _ofProducts = new(StringComparer.Ordinal);
    private int _count;
    private long _bytes;

    /// <summary>Whether there is room for one more.</summary>
    public bool Enter(string product, long size)
    {
        lock (_lock)
        {
            var (count, bytes) = _ofProducts.GetValueOrDefault(product);
            if (_count >= most || _bytes + size > mostBytes || count >= most / 2 || bytes + size > mostBytes / 2)
                return false;

            _ofProducts[product] = (count + 1, bytes + size);
            _count++;
            _bytes += size;
            return true;
        }
    }

    public void Leave(string product, long size)
    {
        lock (_lock)
        {
            var (count, bytes) = _ofProducts[product];
            if (count == 1)
                _ofProducts.Remove(product);
            else
                _ofProducts[product] = (count - 1, bytes - size);
            _count--;
            _bytes -= size;
        }
    }
}
