using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The secret that the nodes of a cluster share, and what is proven and derived with it. Every proof is made over the whole introduction so
/// far: both fresh nonces, the cluster, both nodes and who dialled whom. So nothing recorded fits another connection, and nothing said by
/// one side serves the other.
/// </summary>
internal sealed class PeerSecret
{
    public const int NonceBytes = 32;
    public const int ProofBytes = 32;

    /// <summary>
    /// The least that is taken for a secret, in bytes of UTF-8: it must be random, because a recorded introduction can be tested against
    /// words.
    /// </summary>
    public const int MinBytes = 32;

    private readonly byte[] _key;

    public PeerSecret(string secret) => _key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "RaftKv peer secret 1"u8);

    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <summary>What the dialler proves, once it has heard the challenge.</summary>
    public byte[] DiallersProof(byte[] hello, byte[] challenge) => Mac("dialler"u8, hello, challenge);

    /// <summary>What the acceptor proves along with its answer.</summary>
    public byte[] AcceptorsProof(byte[] hello, byte[] challenge, byte[] reply) => Mac("acceptor"u8, hello, challenge, reply);

    /// <summary>Seals the frames of this one connection.</summary>
    public FrameSeal SealFor(byte[] hello, byte[] challenge, byte[] reply) => new(Mac("frames"u8, hello, challenge, reply));

    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => CryptographicOperations.FixedTimeEquals(a, b);

    private byte[] Mac(ReadOnlySpan<byte> label, params ReadOnlySpan<byte[]> transcript)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(label);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in transcript)
        {
            // With their lengths: no two different introductions are the same bytes.
            BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
            mac.AppendData(length);
            mac.AppendData(part);
        }
        return mac.GetHashAndReset();
    }
}
