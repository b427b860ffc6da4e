using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// The cost of authenticated peers: writes per second of clusters whose peers share a secret, or use TLS, in ratio to a cluster whose peers
/// do neither. The clusters are measured in turns, so that other load of the machine affects all of them.
/// </summary>
internal sealed class SecurityBenchmark(Arguments arguments)
{
    private static readonly string[] Kinds = ["plain", "secret", "tls"];

    private readonly Dictionary<(string Kind, int Callers), List<double>> _rates = [];

    public async Task RunAsync()
    {
        var folder = TestDirectory.Create();
        try
        {
            var certificate = WriteCertificate(folder);
            for (var round = 0; round < arguments.RoundsOr(3); round++)
            {
                foreach (var kind in Kinds)
                    await MeasureAsync(kind, certificate);
            }
        }
        finally
        {
            TestDirectory.Delete(folder);
        }
        foreach (var callers in arguments.Callers)
        {
            var plain = Median("plain", callers);
            ResultLine.Print(new
            {
                Op = "put",
                Clients = callers,
                Plain = Math.Round(plain),
                Secret = Math.Round(Median("secret", callers)),
                Tls = Math.Round(Median("tls", callers)),
                SecretToPlain = Math.Round(Median("secret", callers) / plain, 2),
                TlsToPlain = Math.Round(Median("tls", callers) / plain, 2),
                arguments.ValueBytes,
                LoadAverage = ResourcePressure.LoadAverage(),
            });
        }
    }

    private double Median(string kind, int callers) => _rates[(kind, callers)].Order().ElementAt(_rates[(kind, callers)].Count / 2);

    private async Task MeasureAsync(string kind, RaftKvTlsOptions certificate)
    {
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, options =>
        {
            if (kind == "secret")
                options.PeerSecrets.Add("a secret of the benchmark, long enough to be one");
            else if (kind == "tls")
                options.PeerTls = certificate;
        }, _ => ClusterBenchmark.NodeProgram);
        var leader = await cluster.LeaderAsync();
        foreach (var callers in arguments.Callers)
        {
            var load = new LoadRequest { Callers = callers, Keys = arguments.KeysOr(10_000), ValueBytes = arguments.ValueBytes, Seconds = arguments.Seconds };
            await leader.LoadAsync(load with { Seconds = arguments.WarmUp });
            var report = await leader.LoadAsync(load);
            if (!_rates.TryGetValue((kind, callers), out var rates))
                _rates[(kind, callers)] = rates = [];
            rates.Add(report.Operations / report.Seconds);
        }
    }

    /// <summary>Writes one self-signed certificate for all nodes, which is its own authority.</summary>
    private static RaftKvTlsOptions WriteCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=benchmark", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (file, keyFile) = (Path.Combine(folder, "node.pem"), Path.Combine(folder, "node.key"));
        File.WriteAllText(file, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return new RaftKvTlsOptions { CertificateFile = file, KeyFile = keyFile, AuthoritiesFile = file, AcceptAnyNodeId = true };
    }
}
