using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Primitives;

/// <summary>An address as text: name:port, 10.0.0.1:port or [::1]:port.</summary>
internal readonly record struct HostAndPort(string Host, int Port)
{
    public static bool TryParse(string text, out HostAndPort address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > ushort.MaxValue)
            return false;
        var host = text[..colon];
        if (host[0] == '[' && host[^1] == ']')
            host = host[1..^1];
        else if (host.Contains(':'))
            return false;
        if (host.Length == 0)
            return false;
        address = new HostAndPort(host, port);
        return true;
    }

    /// <summary>Calls the resolver each time, on the calling thread: the addresses of a name can change.</summary>
    /// <exception cref="SocketException">The name does not exist, or no name server answers.</exception>
    public IPAddress[] Resolve() => IPAddress.TryParse(Host, out var address) ? [address] : Dns.GetHostAddresses(Host);
}
