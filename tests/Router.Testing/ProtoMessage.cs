using Google.Protobuf;

namespace Router.Testing;

/// <summary>A protobuf message as it came, by the numbers of its fields: all that it takes to read OTLP.</summary>
internal sealed class ProtoMessage
{
    private readonly Dictionary<int, List<object>> _fields = [];

    public ProtoMessage(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        while (input.ReadTag() is not 0 and var tag)
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => (ulong)input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                var other => throw new NotSupportedException($"{other}"),
            };
            var field = WireFormat.GetTagFieldNumber(tag);
            if (!_fields.TryGetValue(field, out var values))
                _fields.Add(field, values = []);
            values.Add(value);
        }
    }

    public bool Has(int field) => _fields.ContainsKey(field);

    /// <summary>All messages of a repeated field.</summary>
    public IEnumerable<ProtoMessage> All(int field) =>
        _fields.GetValueOrDefault(field, []).Select(value => new ProtoMessage((byte[])value));

    /// <summary>One, empty if there is none.</summary>
    public ProtoMessage One(int field) => new(Bytes(field));

    public byte[] Bytes(int field) => _fields.TryGetValue(field, out var values) ? (byte[])values[0] : [];

    public string Text(int field) => System.Text.Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public ulong Number(int field) => _fields.TryGetValue(field, out var values) ? (ulong)values[0] : 0;
}
