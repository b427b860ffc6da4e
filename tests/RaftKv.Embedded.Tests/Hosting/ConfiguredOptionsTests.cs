using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Options from a configuration section: lists in one value, and addresses that follow from the initial members.</summary>
public sealed class ConfiguredOptionsTests
{
    [Theory]
    [InlineData("InitialMembers=node1=10.0.0.1:7001, node2=10.0.0.2:7001;node3=db.example:7001")]
    [InlineData("InitialMembers:0=node1=10.0.0.1:7001", "InitialMembers:1=node2=10.0.0.2:7001", "InitialMembers:2=node3=db.example:7001")]
    [InlineData("InitialMembers:0:NodeId=node1", "InitialMembers:0:Address=10.0.0.1:7001", "InitialMembers:1=node2=10.0.0.2:7001", "InitialMembers:2=node3=db.example:7001")]
    public void Members_are_texts_or_sections_and_one_value_is_enough_for_all(params string[] settings)
    {
        var options = Bind(settings);

        Assert.Equal(
            [("node1", "10.0.0.1:7001"), ("node2", "10.0.0.2:7001"), ("node3", "db.example:7001")],
            options.InitialMembers.Select(m => (m.NodeId, m.Address)));
    }

    [Fact]
    public void Seeds_and_a_secret_may_be_one_value_and_lists_add_up()
    {
        var options = Bind("Seeds=10.0.0.1:7001 10.0.0.2:7001", "PeerSecrets=a secret, with a comma");
        Assert.Equal(["10.0.0.1:7001", "10.0.0.2:7001"], options.Seeds);
        Assert.Equal(["a secret, with a comma"], options.PeerSecrets);

        options = Bind("Seeds:0=10.0.0.1:7001", "Seeds:1=10.0.0.2:7001", "PeerSecrets:0=one", "PeerSecrets:1=two");
        Assert.Equal(["10.0.0.1:7001", "10.0.0.2:7001"], options.Seeds);
        Assert.Equal(["one", "two"], options.PeerSecrets);
    }

    [Fact]
    public void What_is_no_member_is_an_error_of_the_options()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(Validated("NodeId=node1", "DataDirectory=data", "ListenAddress=127.0.0.1:7001", "InitialMembers=node1=127.0.0.1:7001 node2")));

        Assert.Equal("RaftKv: InitialMembers has the address '' for node2; it must be a host:port that peers can dial.", Assert.Single(error.Failures));
    }

    [Theory]
    [InlineData("node1=127.0.0.1:7001", "127.0.0.1:7001", null)]
    [InlineData("node1=[::1]:7001", "[::1]:7001", null)]
    [InlineData("node1=localhost:7001", "localhost:7001", null)]
    public void A_node_listens_where_the_initial_members_have_it(string members, string listens, string? advertises)
    {
        var options = Read(Validated("NodeId=node1", "DataDirectory=data", $"InitialMembers={members}"));

        Assert.Equal((listens, advertises), (options.ListenAddress, options.AdvertiseAddress));
    }

    [Fact]
    public void A_node_with_a_name_listens_on_all_interfaces_and_one_with_a_listen_address_keeps_it()
    {
        string[] named = ["NodeId=node1", "DataDirectory=data", "InitialMembers=node1=node1.cluster:7001", "AllowInsecurePeers=true"];
        var options = Read(Validated(named));
        Assert.EndsWith(":7001", options.ListenAddress);
        Assert.Contains(options.ListenAddress, (string[])["[::]:7001", "0.0.0.0:7001"]);
        Assert.Equal("node1.cluster:7001", options.AdvertiseAddress);

        options = Read(Validated([.. named, "ListenAddress=127.0.0.1:9", "AdvertiseAddress=other:9"]));
        Assert.Equal(("127.0.0.1:9", "other:9"), (options.ListenAddress, options.AdvertiseAddress));
    }

    private static RaftKvOptions Bind(params string[] settings)
    {
        var options = new RaftKvOptions();
        foreach (var configure in Validated(settings).GetServices<IConfigureOptions<RaftKvOptions>>())
            configure.Configure(options);
        return options;
    }

    private static RaftKvOptions Read(IServiceProvider services) => services.GetRequiredService<IOptions<RaftKvOptions>>().Value;

    private static ServiceProvider Validated(params string[] settings)
    {
        var values = settings.Select(s => s.Split('=', 2)).Select(s => new KeyValuePair<string, string?>(s[0], s[1]));
        var services = new ServiceCollection().AddLogging();
        services.AddRaftKv(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        return services.BuildServiceProvider();
    }
}
