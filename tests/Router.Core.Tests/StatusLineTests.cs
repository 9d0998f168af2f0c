using System.Text;
using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class StatusLineTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", 200)]
    [InlineData("HTTP/1.1 200\r\n", 200)]
    [InlineData("HTTP/1.0 503 Down\n", 503)]
    [InlineData("HTTP/2 204  \r\n", 204)]
    [InlineData("HTTP/1.1  302 Found\r\nno colon\r\n", 302)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n", 201)]
    [InlineData("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 410 Gone\r\n", 410)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK", null)]
    [InlineData("HTTP/1.1 2000 OK\r\n", null)]
    [InlineData("HTTP/1.1 20 OK\r\n", null)]
    [InlineData("HTTP/1.1 042 OK\r\n", null)]
    [InlineData("HTTP/1.1 OK\r\n", null)]
    [InlineData("HTTP/1.1\r\n200 OK\r\n", null)]
    [InlineData("SSH-2.0-x 200 y\r\n", null)]
    [InlineData("", null)]
    public void Status_OfABrokenAnswer_IsReadWhereThereIsOne(string answer, int? status) =>
        Assert.Equal(status, StatusLine.Read(Encoding.ASCII.GetBytes(answer)));
}
