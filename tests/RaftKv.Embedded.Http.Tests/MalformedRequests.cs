using System.Globalization;
using System.Text;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// Requests with something wrong in their line, their headers, their length or their body, the same ones for the same seed.
/// </summary>
internal sealed class MalformedRequests(int seed)
{
    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "P UT", "\0", "GETGETGETGETGETGETGETGET", "CONNECT"];

    private static readonly string[] Paths =
    [
        "/store", "/store/", "/store/k", "/store/%", "/store/%zz", "/store/%ff%fe", "/store/../../v1/kv/x", "/v1/kv", "/v1/kv/", "/v1/kv/%ED%A0%80", "/v1/kv/a%00b", "/v1/kv?prefix=%ff",
        "/v1/kv?prefix=&limit=99999999999", "/v1/kv?prefix=&after=%", "/v1/kv/k?consistency=x", "/v1/kv/k?minVersion=-1", "/v1/kv/k?maxAge=1e9", "/v1/kv/k?forward=perhaps", "/v1/watch",
        "/v1/watch?prefix=&from=x", "/v1/watch?key=", "/v1/cluster/members", "/v1/cluster/members/%2F", "/v1/cluster/members/nobody", "/v1/cluster/transfer", "/raft/join", "/raft/remove",
        "/raftkv/v1/kv?key=%", "/raftkv/v1/cluster/transfer", "//", "*", "http://", "http:///store/k", "\\store", "/store/k#f", "/v1/kv/?key=&key=",
    ];

    private static readonly string[] Headers =
    [
        "Content-Type: application/json", "Content-Type: text/plain", "Content-Type: application/json; charset=utf-7", "Content-Type: ", "If-Match: 12", "If-Match: \"-1\"", "If-Match: \"99999999999999999999\"",
        "If-None-Match: \"", "If-Match: *", "If-None-Match: *", "Idempotency-Key: ", "Idempotency-Key: a b", "Idempotency-Key: \u00e9", "Last-Event-ID: x", "Expect: 100-continue", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip", "Content-Encoding: br", "Origin: null", "Sec-Fetch-Site: cross-site", "Connection: upgrade", "Upgrade: h2c", "Range: bytes=0-", "Host: a b", "X: " + new string('y', 9000), "NoColon", ": empty",
    ];

    private static readonly string[] Bodies =
    [
        "", "{", "{}", "[]", "null", "\"", "{\"key\":1}", "{\"key\":\"\",\"value\":1}", "{\"key\":\"k\",\"value\":}", "{\"key\":\"\\ud800\",\"value\":1}", "{\"node_id\":\"\",\"raft_address\":\"\"}",
        "{\"node_id\":\"n\",\"raft_address\":\"nowhere\"}", "{\"nodeId\":7}", "{\"to\":\"nobody\"}", "{\"to\":[]}", "5\r\nabcde\r\n", "5\r\nabc", "zz\r\n", "ffffffffffffffff\r\n", "\u00ff\u00fe",
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        if (_random.Next(20) == 0)
            return Noise(_random.Next(1, 400));
        var body = Encoding.Latin1.GetBytes(_random.Next(10) == 0 ? new string('[', _random.Next(5000)) : Pick(Bodies));
        var text = new StringBuilder().Append(Pick(Methods)).Append(' ').Append(
            _random.Next(30) == 0 ? "/store/" + new string('a', _random.Next(20_000)) : Pick(Paths))
            .Append(_random.Next(15) == 0 ? " HTTP/9.9" : " HTTP/1.1").Append("\r\n");
        if (_random.Next(10) > 0)
            text.Append("Host: localhost\r\n");
        for (var count = _random.Next(4); count > 0; count--)
            text.Append(Pick(Headers)).Append("\r\n");
        if (_random.Next(3) > 0)
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Length(body.Length)}\r\n");
        text.Append("Connection: close\r\n\r\n");
        byte[] request = [.. Encoding.Latin1.GetBytes(text.ToString()), .. body];
        return Damage(request);
    }

    private string Length(int length) => _random.Next(8) switch
    {
        0 => (length + 5).ToString(CultureInfo.InvariantCulture),
        1 => "-1",
        2 => "99999999999",
        3 => "1e3",
        _ => length.ToString(CultureInfo.InvariantCulture),
    };

    private byte[] Damage(byte[] request)
    {
        switch (_random.Next(6))
        {
            case 0:
                return request[.._random.Next(1, request.Length + 1)];
            case 1:
                for (var flips = _random.Next(1, 6); flips > 0; flips--)
                    request[_random.Next(request.Length)] ^= (byte)(1 << _random.Next(8));
                return request;
            default:
                return request;
        }
    }

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
