using System.Security.Cryptography.X509Certificates;

namespace RaftKv.Embedded;

/// <summary>A node's certificate and the authorities it trusts.</summary>
public sealed class RaftKvTlsCredentials
{
    /// <param name="certificate">The certificate of the node, with its private key.</param>
    /// <param name="authorities">The authorities that sign the certificates of the cluster's nodes. At least one.</param>
    /// <param name="intermediates">Certificates between <paramref name="certificate"/> and its authority, which peers may not have.</param>
    /// <exception cref="ArgumentException">There is no private key, or no authority.</exception>
    public RaftKvTlsCredentials(X509Certificate2 certificate, X509Certificate2Collection authorities,
        X509Certificate2Collection? intermediates = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(authorities);
        if (!certificate.HasPrivateKey)
            throw new ArgumentException("The certificate has no private key.", nameof(certificate));
        if (authorities.Count == 0)
            throw new ArgumentException("There is no authority to trust.", nameof(authorities));
        (Certificate, Authorities, Intermediates) = (certificate, authorities, intermediates);
    }

    /// <summary>The certificate of the node, with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The authorities that sign the certificates of the cluster's nodes.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Certificates between <see cref="Certificate"/> and its authority.</summary>
    public X509Certificate2Collection? Intermediates { get; }
}
