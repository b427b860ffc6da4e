namespace RaftKv.Embedded;

/// <summary>
/// How the nodes of a cluster authenticate each other with certificates. Both sides of every connection present one; it must be valid now,
/// be signed by one of the authorities given here (those of the machine are not used), allow its use for servers and clients, and name its
/// node.
/// </summary>
/// <remarks>
/// Files are checked for changes, or the callback is called, before each connection: a renewed certificate or another set of authorities
/// needs no restart. To change the authority, add the new one to the bundle on every node, then renew the certificates, then remove the old
/// one. Revocation lists are not consulted.
/// </remarks>
public sealed class RaftKvTlsOptions
{
    /// <summary>
    /// A PEM file with this node's certificate, first, and the intermediate certificates behind it, if any. Required unless
    /// <see cref="Credentials"/> is set.
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the unencrypted private key. The default value is <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// A PEM file with the authorities that sign the certificates of this cluster's nodes. Required unless <see cref="Credentials"/> is
    /// set.
    /// </summary>
    public string? AuthoritiesFile { get; set; }

    /// <summary>
    /// Supplies certificate and authorities instead of the files. Called at the start and before each connection, on a thread of the
    /// transport: it must be quick, and return the same object while nothing has changed. When it throws, what it returned before stays in
    /// force, and a warning is logged.
    /// </summary>
    public Func<RaftKvTlsCredentials>? Credentials { get; set; }

    /// <summary>
    /// Accepts any certificate of the authorities for any node. The default value is <c>false</c>: a certificate must have its node's id as
    /// a DNS name among its alternative names, or as the common name of its subject, so that the key of one node cannot be used as another
    /// node. Set it when all nodes share one certificate.
    /// </summary>
    public bool AcceptAnyNodeId { get; set; }
}
