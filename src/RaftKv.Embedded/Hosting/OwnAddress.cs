using System.Net;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// Sets the default of ListenAddress from the initial members: the address of this node in the list, or, when that is a name, its port on
/// all interfaces, because a name may belong to a proxy or load balancer in front of this machine.
/// </summary>
internal sealed class OwnAddress : IPostConfigureOptions<RaftKvOptions>
{
    public void PostConfigure(string? name, RaftKvOptions options)
    {
        if (options.ListenAddress != RaftKvOptions.DefaultListenAddress)
            return;
        var own = options.InitialMembers.FirstOrDefault(m => m.NodeId == options.NodeId)?.Address;
        if (own is null || !HostAndPort.TryParse(own, out var address) || address.Port == 0)
            return;
        if (IPAddress.TryParse(address.Host, out _) || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            options.ListenAddress = own;
            return;
        }
        options.ListenAddress = $"{(System.Net.Sockets.Socket.OSSupportsIPv6 ? "[::]" : "0.0.0.0")}:{address.Port}";
        options.AdvertiseAddress ??= own;
    }
}
