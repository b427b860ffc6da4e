using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Signs certificates for nodes.</summary>
internal sealed class TestAuthority
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _certificate = request.CreateSelfSigned(Now.AddDays(-30), Now.AddDays(30));
    }

    public string Pem => _certificate.ExportCertificatePem();

    public X509Certificate2Collection Bundle => [_certificate];

    /// <summary>
    /// A certificate with its key, valid for <paramref name="days"/> days, which begin <paramref name="startsIn"/> days from now.
    /// </summary>
    public X509Certificate2 Issue(string nodeId, double days = 10, bool asCommonName = false, double startsIn = -1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(asCommonName ? $"CN={nodeId}, O=test" : "O=test", key, HashAlgorithmName.SHA256);
        if (!asCommonName)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("host.example");
            names.AddDnsName(nodeId);
            request.CertificateExtensions.Add(names.Build());
        }
        var serial = RandomNumberGenerator.GetBytes(8);
        using var signed = request.Create(_certificate, Now.AddDays(startsIn), Now.AddDays(startsIn + days), serial);
        return signed.CopyWithPrivateKey(key);
    }

    public RaftKvTlsCredentials Credentials(string nodeId, double days = 10, X509Certificate2Collection? trusted = null) => new(Issue(nodeId, days), trusted ?? Bundle);

    /// <summary>Writes the credentials of a node to files, and returns the options that name the files.</summary>
    public RaftKvTlsOptions Files(string folder, string nodeId)
    {
        WriteFiles(folder, nodeId);
        return FilesIn(folder);
    }

    public static RaftKvTlsOptions FilesIn(string folder) =>
        new()
        {
            CertificateFile = Path.Combine(folder, "node.pem"),
            KeyFile = Path.Combine(folder, "node.key"),
            AuthoritiesFile = Path.Combine(folder, "authorities.pem"),
        };

    public void WriteFiles(string folder, string nodeId, string? authorities = null)
    {
        using var certificate = Issue(nodeId);
        File.WriteAllText(Path.Combine(folder, "authorities.pem"), authorities ?? Pem);
        File.WriteAllText(Path.Combine(folder, "node.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "node.pem"), certificate.ExportCertificatePem());
    }
}
