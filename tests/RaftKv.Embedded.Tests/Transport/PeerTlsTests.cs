using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>
/// Peers that prove themselves with certificates: which are accepted, which are refused, and that messages arrive unchanged.
/// </summary>
public sealed class PeerTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private int _aged;
    private readonly string _folder = Directory.CreateTempSubdirectory("raftkv-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Messages_of_every_kind_and_size_cross_an_encrypted_connection_in_order()
    {
        using var a = Node("a", _authority.Credentials("a"));
        using var b = Node("b", new(_authority.Issue("b", asCommonName: true), _authority.Bundle));
        TcpTransportTests.Connect(a, b);
        PeerMessage[] messages = [.. SampleMessages.All, new InstallSnapshot(1, default, 1, 0, new byte[5_000_000], 0), .. SampleMessages.All];

        foreach (var message in messages)
            a.Transport.Send("b", message);
        a.Transport.Flush();
        for (var i = 0; i < 2_000; i++)
            a.Send("b", new TimeoutNow(i));

        Eventually.Holds(() => b.Handler.Messages.Count == messages.Length + 2_000, "all arrive");
        Order.AssertKept([.. messages, .. Enumerable.Range(0, 2_000).Select(i => new TimeoutNow(i))], b.Handler.Messages.Select(m => m.Message));
    }

    [Fact]
    public async Task A_probe_is_answered_under_tls_as_well()
    {
        using var a = Node("a", _authority.Credentials("a"));
        using var b = Node("b", _authority.Credentials("b"));

        var hello = await a.Transport.ProbeAsync(b.Address, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal("b", hello.NodeId);
    }

    public static TheoryData<string> Impostors => ["another authority", "expired", "not yet valid", "another node's name"];

    [Theory]
    [MemberData(nameof(Impostors))]
    public void A_node_without_a_good_certificate_gets_in_nowhere_and_nobody_talks_to_it(string kind)
    {
        var log = new RecordingLogger();
        var other = new TestAuthority("other");
        var credentials = kind switch
        {
            // It trusts the right authority, which does not help: its own certificate is of an authority that the peers do not trust.
            "another authority" => other.Credentials("x", trusted: _authority.Bundle),
            "expired" => _authority.Credentials("x", days: 0.5),
            "not yet valid" => new(Later(), _authority.Bundle),
            _ => _authority.Credentials("y"),
        };
        using var impostor = Node("x", credentials, log);
        var serverLog = new RecordingLogger();
        using var b = Node("b", _authority.Credentials("b"), serverLog);

        impostor.Knows(b.Member);
        b.Knows(impostor.Member);

        Eventually.Holds(() => b.Transport.Counters.ConnectionsRefused > 1, "it is refused, again and again");
        Eventually.Holds(() => serverLog.Count(303) > 0 && log.Count(303) > 0, "nor is it talked to");
        Assert.Empty(b.Handler.Hellos);
        Assert.Empty(b.Handler.Connected);
        Assert.Empty(impostor.Handler.Hellos);
        Assert.Equal(1, serverLog.Count(316));
        AssertServes(b);

        System.Security.Cryptography.X509Certificates.X509Certificate2 Later() => _authority.Issue("x", days: 10, startsIn: 1);
    }

    [Fact]
    public void One_certificate_may_serve_all_nodes_when_that_is_wanted()
    {
        using var a = Node("a", _authority.Credentials("everybody"), anyNodeId: true);
        using var b = Node("b", _authority.Credentials("everybody"), anyNodeId: true);

        TcpTransportTests.Connect(a, b);
    }

    [Fact]
    public void Plain_text_to_a_tls_port_and_tls_to_a_plain_port_end_at_once()
    {
        var log = new RecordingLogger();
        using var secured = Node("s", _authority.Credentials("s"), log);
        using var plain = new TransportNode("p");
        plain.Knows(secured.Member);
        secured.Knows(plain.Member);

        Eventually.Holds(() => secured.Transport.Counters.ConnectionsRefused > 0, "the plain one is refused");
        Eventually.Holds(() => plain.Transport.Counters.ConnectionsInvalid > 0, "the secured one is not understood");
        Assert.Empty(secured.Handler.Hellos);
        Assert.Empty(plain.Handler.Hellos);
        Eventually.Holds(() => log.Count(316) == 1, "said once");
        AssertServes(secured);
    }

    [Fact]
    public void Renewed_certificates_and_a_changed_authority_are_in_force_without_a_restart()
    {
        var files = _authority.Files(_folder, "b");
        AssertRenewals(files, (authority, trusted) =>
        {
            authority.WriteFiles(_folder, "b", trusted);
            Age(_folder);
        });
    }

    /// <summary>As Kubernetes mounts a secret: the files are links, and a renewal leaves the links as they are.</summary>
    [Fact]
    public void Renewed_certificates_behind_symbolic_links_are_in_force_without_a_restart()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        var versions = 0;
        Publish(_authority, _authority.Pem);
        foreach (var name in (string[])["node.pem", "node.key", "authorities.pem"])
            File.CreateSymbolicLink(Path.Combine(_folder, name), Path.Combine("..data", name));
        AssertRenewals(TestAuthority.FilesIn(_folder), Publish);

        void Publish(TestAuthority authority, string trusted)
        {
            var version = Directory.CreateDirectory(Path.Combine(_folder, $"..2024_{++versions}"));
            authority.WriteFiles(version.FullName, "b", trusted);
            Age(version.FullName);
            var link = Path.Combine(_folder, "..data");
            if (Directory.Exists(link))
                Directory.Delete(link);
            Directory.CreateSymbolicLink(link, version.Name);
        }
    }

    [Fact]
    public async Task A_callback_that_fails_leaves_what_it_returned_before_in_force()
    {
        var log = new RecordingLogger();
        var credentials = _authority.Credentials("b");
        var calls = 0;
        var options = new RaftKvTlsOptions { Credentials = Ask };
        using var b = new TransportNode("b", o => o with { Tls = new PeerTls(options, log), Logger = log });
        AssertServes(b);

        using var other = Node("other", _authority.Credentials("other"));
        b.Knows(other.Member);
        Eventually.Holds(() => b.Handler.Connected.Count == 1, "it dials");
        var answer = await b.Transport.ProbeAsync(other.Address, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal("other", answer.NodeId);
        Assert.Contains(log.Lines, l => l.Id == 317 && l.Text.Contains("the vault is away", StringComparison.Ordinal));
        Assert.Equal(0, log.Count(315));

        RaftKvTlsCredentials Ask() =>
            Interlocked.Increment(ref calls) == 1 ? credentials : throw new HttpRequestException("the vault is away");
    }

    [Fact]
    public void A_callback_that_fails_at_the_start_is_an_error_that_names_the_option()
    {
        var options = new RaftKvTlsOptions { Credentials = () => throw new HttpRequestException("the vault is away") };

        var error = Assert.Throws<InvalidOperationException>(() => new PeerTls(options, NullLogger.Instance));

        Assert.Equal(
            "The certificate of this node or the authorities it trusts cannot be loaded (PeerTls): the vault is away", error.Message);
    }

    [Fact]
    public void Files_that_cannot_be_read_change_nothing_while_it_runs_and_are_an_error_at_the_start()
    {
        var log = new RecordingLogger();
        var files = _authority.Files(_folder, "b");
        using var b = new TransportNode("b", o => o with { Tls = new PeerTls(files, log) });
        File.WriteAllText(files.CertificateFile!, "half a certifi");
        AssertServes(b);

        Assert.Contains(log.Lines, l => l.Id == 317);
        var error = Assert.Throws<InvalidOperationException>(() => new PeerTls(files, log));
        Assert.StartsWith("The certificate of this node or the authorities it trusts cannot be loaded (PeerTls): ", error.Message);
    }

    private static TransportNode Node(string nodeId, RaftKvTlsCredentials credentials, RecordingLogger? log = null,
        bool anyNodeId = false) => new(nodeId, o => o with
    {
        Tls = new PeerTls(new RaftKvTlsOptions { Credentials = () => credentials, AcceptAnyNodeId = anyNodeId }, NullLogger.Instance),
        Logger = log ?? o.Logger,
    });

    /// <summary>First the new authority beside the old one, then a certificate of the new one, at last the new one alone.</summary>
    private void AssertRenewals(RaftKvTlsOptions files, Action<TestAuthority, string> publish)
    {
        using var b = new TransportNode("b", o => o with { Tls = new PeerTls(files, NullLogger.Instance) });
        AssertServes(b);

        var next = new TestAuthority("next");
        publish(_authority, _authority.Pem + "\n" + next.Pem);
        AssertServes(b, "old-friend");
        publish(next, next.Pem);

        using var newNode = Node("node4", next.Credentials("node4"));
        newNode.Knows(b.Member);
        Eventually.Holds(() => newNode.Handler.Connected.Count == 1, "the new authority is trusted");
        using var late = Node("late", _authority.Credentials("late"));
        late.Knows(b.Member);
        Eventually.Holds(() => late.Transport.Counters.ConnectionsInvalid > 1, "the old one is not any more");
        Assert.Empty(late.Handler.Connected);
    }

    /// <summary>Makes the files newer than the last ones: the clock of a file system may be coarse.</summary>
    private void Age(string folder)
    {
        _aged++;
        foreach (var file in Directory.EnumerateFiles(folder))
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddSeconds(_aged));
    }

    private void AssertServes(TransportNode node, string friendsName = "friend")
    {
        using var friend = Node(friendsName, _authority.Credentials(friendsName));
        friend.Knows(node.Member);
        Eventually.Holds(() => friend.Handler.Connected.Count == 1, "a friend connects");
        friend.Send(node.Handler.Identity.NodeId, new TimeoutNow(77));
        Eventually.Holds(() => node.Handler.Messages.Any(m => m.From == friendsName), "a friend is heard");
    }
}
