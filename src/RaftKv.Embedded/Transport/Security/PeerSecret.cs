using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The secret that the nodes of a cluster share, and the proofs and keys that are derived from it. Every proof covers the whole
/// introduction so far: both fresh nonces, the cluster, both nodes and the direction of the connection. A recorded proof is therefore not
/// valid on another connection, and the proof of one side cannot be used by the other side.
/// </summary>
internal sealed class PeerSecret
{
    public const int NonceBytes = 32;
    public const int ProofBytes = 32;

    /// <summary>
    /// The least length of a secret, in bytes of UTF-8. A secret must be random, because guesses can be tested offline against a recorded
    /// introduction.
    /// </summary>
    public const int MinBytes = 32;

    private readonly byte[] _key;

    public PeerSecret(string secret) => _key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "RaftKv peer secret 1"u8);

    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <summary>The proof of the dialler, after it has received the challenge.</summary>
    public byte[] DiallersProof(byte[] hello, byte[] challenge) => Mac("dialler"u8, hello, challenge);

    /// <summary>The proof of the acceptor, which it sends with its answer.</summary>
    public byte[] AcceptorsProof(byte[] hello, byte[] challenge, byte[] reply) => Mac("acceptor"u8, hello, challenge, reply);

    /// <summary>Makes the seal of the frames of this connection.</summary>
    public FrameSeal SealFor(byte[] hello, byte[] challenge, byte[] reply) => new(Mac("frames"u8, hello, challenge, reply));

    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => CryptographicOperations.FixedTimeEquals(a, b);

    private byte[] Mac(ReadOnlySpan<byte> label, params ReadOnlySpan<byte[]> transcript)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(label);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in transcript)
        {
            // The length precedes each part, so that two different introductions never give the same bytes.
            BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
            mac.AppendData(length);
            mac.AppendData(part);
        }
        return mac.GetHashAndReset();
    }
}
