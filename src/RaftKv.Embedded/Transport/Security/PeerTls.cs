using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// This node's certificate and the authorities it trusts, checked for changes at each handshake: a renewed certificate or another authority
/// is in force from the next connection on, without a restart.
/// </summary>
internal sealed class PeerTls
{
    private readonly RaftKvTlsOptions _options;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private (FileStamp Certificate, FileStamp Key, FileStamp Authorities) _stamp;
    private Context _current;

    /// <exception cref="InvalidOperationException">The certificate or the authorities cannot be loaded; the message says why.</exception>
    public PeerTls(RaftKvTlsOptions options, ILogger log)
    {
        (_options, _log) = (options, log);
        try
        {
            _stamp = Stamp();
            _current = new Context(Fetch());
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"The certificate of this node or the authorities it trusts cannot be loaded (PeerTls): {e.Message}", e);
        }
    }

    /// <summary>Whether a certificate may have any name, if an authority that is trusted signed it.</summary>
    public bool AnyNodeId => _options.AcceptAnyNodeId;

    public SslClientAuthenticationOptions ForDialling(CertificateCheck check)
    {
        var current = Current();
        return new SslClientAuthenticationOptions
        {
            // The name of the host is not checked, and not sent in clear text.
            TargetHost = "",
            ClientCertificateContext = current.Certificate,
            CertificateChainPolicy = current.Policy(),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            // A resumed session would skip the check of certificates and authorities.
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, _, chain, errors) => check.Accepts(chain, errors),
        };
    }

    public SslServerAuthenticationOptions ForAccepting(CertificateCheck check)
    {
        var current = Current();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = current.Certificate,
            ClientCertificateRequired = true,
            CertificateChainPolicy = current.Policy(),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, _, chain, errors) => check.Accepts(chain, errors),
        };
    }

    private Context Current()
    {
        lock (_gate)
        {
            try
            {
                var stamp = Stamp();
                if (_options.Credentials is not null || stamp != _stamp)
                {
                    var fetched = Fetch();
                    if (fetched != _current.Credentials)
                        _current = new Context(fetched);
                    _stamp = stamp;
                }
            }
            catch (Exception e)
            {
                // For example, the files are being replaced. The callback may throw anything. The previous credentials stay in use until
                // they expire.
                _log.CredentialsNotReloaded(e.Message);
            }
            return _current;
        }
    }

    private (FileStamp Certificate, FileStamp Key, FileStamp Authorities) Stamp() => _options.Credentials is not null
        ? default
        : (FileStamp.Of(_options.CertificateFile!), FileStamp.Of(_options.KeyFile ?? _options.CertificateFile!),
            FileStamp.Of(_options.AuthoritiesFile!));

    private RaftKvTlsCredentials Fetch()
    {
        if (_options.Credentials is { } fetch)
            return fetch() ?? throw new InvalidOperationException("the callback returned null");
        var certificate = X509Certificate2.CreateFromPemFile(_options.CertificateFile!, _options.KeyFile);
        if (OperatingSystem.IsWindows())
        {
            // TLS on Windows does not accept a key that is only in memory.
            certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.CertificateFile!);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_options.AuthoritiesFile!);
        return new RaftKvTlsCredentials(certificate, authorities, chain);
    }

    /// <summary>Differs when a file, or the file that a symbolic link leads to, was changed or replaced.</summary>
    private readonly record struct FileStamp(DateTime WrittenAt, long Length)
    {
        /// <summary>
        /// The file is opened, because the time of a path is that of the link: a renewal of a mounted secret replaces only a directory
        /// behind it.
        /// </summary>
        public static FileStamp Of(string path)
        {
            using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return new FileStamp(File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
        }
    }

    /// <summary>Credentials in the form that SslStream needs.</summary>
    private sealed class Context(RaftKvTlsCredentials credentials)
    {
        public RaftKvTlsCredentials Credentials => credentials;

        public SslStreamCertificateContext Certificate { get; } = SslStreamCertificateContext.Create(credentials.Certificate,
            credentials.Intermediates, offline: true);

        /// <summary>Trusts only the given authorities, and downloads nothing.</summary>
        public X509ChainPolicy Policy()
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(credentials.Authorities);
            return policy;
        }
    }
}
