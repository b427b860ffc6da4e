using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace RaftKv.Embedded.Transport;

/// <summary>The bytes of one connection, in clear or under TLS. A read or a write blocks until the deadline at most.</summary>
internal sealed class PeerStream(Socket socket) : IDisposable
{
    private readonly SocketStream _raw = new(socket);
    private SslStream? _tls;

    public Socket Socket => socket;

    public bool IsSecured => _tls is not null;

    /// <summary>The certificate that the other side has proven to own; null without TLS.</summary>
    public X509Certificate2? PeerCertificate => _tls?.RemoteCertificate as X509Certificate2;

    /// <summary>Starts TLS, as the side that dialled.</summary>
    /// <exception cref="NotAuthenticatedException">
    /// The other side has no certificate that is trusted here, or does not speak TLS, or refused the certificate of this node.
    /// </exception>
    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    public void SecureAsDialler(PeerTls tls, Deadline deadline)
    {
        var check = new CertificateCheck();
        Secure(check, deadline, stream => stream.AuthenticateAsClient(tls.ForDialling(check)));
    }

    /// <summary>Starts TLS, as the side that accepted. Throws as <see cref="SecureAsDialler"/>.</summary>
    public void SecureAsAcceptor(PeerTls tls, Deadline deadline)
    {
        var check = new CertificateCheck();
        Secure(check, deadline, stream => stream.AuthenticateAsServer(tls.ForAccepting(check)));
    }

    /// <summary>Receives at least one byte, and returns how many. Without a deadline it waits without limit.</summary>
    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    public int Receive(byte[] into, int offset, int count, Deadline? deadline)
    {
        _raw.Deadline = deadline;
        if (_tls is null)
            return _raw.Read(into.AsSpan(offset, count));
        try
        {
            var received = _tls.Read(into, offset, count);
            return received > 0 ? received : throw ConnectionLostException.Closed();
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            throw e.InnerException as ConnectionLostException ?? (Exception)new NotAuthenticatedException(
                $"the TLS session failed: {Reason(e)}");
        }
    }

    /// <exception cref="ConnectionLostException">The connection ended, or the deadline passed.</exception>
    public void SendAll(byte[] bytes, Deadline deadline)
    {
        _raw.Deadline = deadline;
        if (_tls is null)
        {
            _raw.Write(bytes);
            return;
        }
        try
        {
            _tls.Write(bytes);
        }
        catch (IOException e)
        {
            throw e.InnerException as ConnectionLostException ?? new ConnectionLostException(Reason(e), reset: false);
        }
    }

    /// <summary>From now on this stream sends no data: <see cref="Encrypt"/> encrypts it, and the owner of the stream sends it.</summary>
    public void OnlyEncrypt()
    {
        if (_tls is not null)
            _raw.Collect();
    }

    /// <summary>
    /// Replaces the waiting bytes of a buffer by their encrypted form. One thread at a time; only when <see cref="IsSecured"/>.
    /// </summary>
    /// <returns>The number of bytes by which the buffer has grown.</returns>
    /// <exception cref="IOException">The session broke.</exception>
    public int Encrypt(SendBuffer buffer)
    {
        var plain = buffer.Unsent.Length;
        _tls!.Write(buffer.Bytes, buffer.Start, plain);
        buffer.Sent(plain);
        _raw.TakeCollected(buffer);
        return buffer.Unsent.Length - plain;
    }

    /// <summary>
    /// Waits until the connection is lost. The peer must not send data on this connection, so anything that can be read ends it.
    /// </summary>
    public ConnectionLostException WaitForEnd()
    {
        try
        {
            Receive(new byte[1], 0, 1, deadline: null);
            return new ConnectionLostException("the peer sent data where it only receives", reset: false);
        }
        catch (ConnectionLostException e)
        {
            return e;
        }
        catch (NotAuthenticatedException e)
        {
            return new ConnectionLostException(e.Message, reset: false);
        }
    }

    public void Dispose() => _tls?.Dispose();

    private void Secure(CertificateCheck check, Deadline deadline, Action<SslStream> authenticate)
    {
        _raw.Deadline = deadline;
        _tls = new SslStream(_raw, leaveInnerStreamOpen: true);
        try
        {
            authenticate(_tls);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            if (check.Refusal is { } refusal)
                throw new NotAuthenticatedException(refusal);
            throw e.InnerException as ConnectionLostException ?? (Exception)new NotAuthenticatedException($"no TLS session: {Reason(e)}");
        }
    }

    /// <summary>The message of the innermost exception: "see inner exception" does not help in a log.</summary>
    private static string Reason(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e.Message.TrimEnd('.');
    }
}
