using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace RaftKv.Embedded.Transport;

/// <summary>Checks the certificate of one handshake, and stores why it was refused.</summary>
internal sealed class CertificateCheck
{
    /// <summary>Null unless a certificate was refused.</summary>
    public string? Refusal { get; private set; }

    public bool Accepts(X509Chain? chain, SslPolicyErrors errors)
    {
        // Nodes are identified by their id, which is compared after their introduction. The name or address that was dialled proves
        // nothing.
        errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        if (errors == SslPolicyErrors.None)
            return true;
        Refusal = (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0
            ? "it has no certificate"
            : $"its certificate is not trusted: {string.Join(", ", chain?.ChainStatus.Select(s => s.Status.ToString()).Distinct() ?? [])}";
        return false;
    }

    /// <summary>
    /// Whether a certificate is the one of a node: the id is a DNS name among its alternative names or its subject's common name.
    /// </summary>
    public static bool Names(X509Certificate2 certificate, string nodeId)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension names
                && names.EnumerateDnsNames().Contains(nodeId, StringComparer.OrdinalIgnoreCase))
                return true;
        }
        return string.Equals(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), nodeId,
            StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The names in a certificate, for messages.</summary>
    public static string NameOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames());
        return string.Join(", ", names.Append(certificate.Subject).Where(n => n.Length > 0));
    }
}
