using System.Collections;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Receiving;

/// <summary>Counts the leads of one run at one port.</summary>
internal sealed class RunAtPort
{
    private readonly BitArray _seen = new(1 << 16);
    private readonly Histogram _latency = new();
    private long _distinct;
    private long _duplicates;
    private long _last;

    public void Count(long number, long due, long now)
    {
        lock (_seen)
        {
            if (number >= _seen.Length)
                _seen.Length = (int)Math.Max(number + 1, _seen.Length * 2L);
            if (_seen[(int)number])
            {
                _duplicates++;
                return;
            }

            _seen[(int)number] = true;
            _distinct++;
            _last = now;
        }

        _latency.Record(now - due);
    }

    public PortArrivals At(int port, bool withLatency)
    {
        lock (_seen)
            return new PortArrivals(port, _distinct, _duplicates, _last, withLatency ? _latency : null);
    }
}
