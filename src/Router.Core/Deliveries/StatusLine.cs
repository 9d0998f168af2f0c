namespace Router.Core.Deliveries;

/// <summary>Reads the status of an answer that the client gave up on. Pure.</summary>
internal static class StatusLine
{
    /// <summary>Whether it begins like HTTP, or like a line that was meant to be.</summary>
    public static bool IsHttp(ReadOnlySpan<byte> answer) => answer.StartsWith("HTTP/"u8);

    /// <summary>
    /// The status of the final answer, interim ones (1xx) left out; null when there is no whole status line that says one.
    /// </summary>
    /// <param name="answer">The first bytes.</param>
    public static int? Read(ReadOnlySpan<byte> answer)
    {
        while (true)
        {
            var end = answer.IndexOf((byte)'\n');
            if (!IsHttp(answer) || end < 0)
                return null;

            var line = answer[..end].TrimEnd((byte)'\r');
            var space = line.IndexOf((byte)' ');
            if (space < 0)
                return null;
            var rest = line[space..].TrimStart((byte)' ');
            if (rest.Length < 3 || rest[..3].ContainsAnyExceptInRange((byte)'0', (byte)'9') || rest.Length > 3 && rest[3] is not (byte)' ')
                return null;

            var status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
            if (status is < 100 or > 199)
                return status < 100 ? null : status;
            if (answer.IndexOf("\r\n\r\n"u8) is not (> 0 and var next))
                return null;
            answer = answer[(next + 4)..];
        }
    }
}
