namespace RaftKv.Embedded.Consensus;

/// <summary>What may be under way to one peer, and when the leader asks whether it has arrived.</summary>
internal sealed class PeerLink(RaftSettings settings, long now)
{
    /// <summary>
    /// How many messages may be under way right after a probe. Doubles with every acknowledgement, so that a peer that drops everything
    /// is not flooded.
    /// </summary>
    private const int FirstWindow = 2;

    private readonly LinkWindow _window = new(settings);
    private readonly ArrivalCheck _check = new(now);
    private int _messages = FirstWindow;

    public int Count => _window.Count;

    public bool HasRoom => _window.Count < Math.Min(_messages, settings.MaxInflightMessages) && _window.HasRoom;

    /// <inheritdoc cref="ArrivalCheck.AdvancedAt"/>
    public long AdvancedAt => _check.AdvancedAt;

    public SnapshotTransfer NewSnapshot() => new(_window, settings);

    /// <inheritdoc cref="LinkWindow.PieceBytes"/>
    public int PieceBytes(int most) => _window.PieceBytes(most);

    /// <inheritdoc cref="ArrivalCheck"/>
    public bool IsCheckDue(long now) => _check.IsDue(now, Math.Max(settings.ElectionTimeout / 2, 2 * _window.Delay));

    public void Checked(long now) => _check.Checked(now);

    public void Sent(long end, int bytes, long now)
    {
        _window.Sent(end, bytes, now);
        _check.Sent(now);
    }

    /// <summary>The peer has advanced up to <paramref name="end"/>.</summary>
    public void Acknowledge(long end, long now)
    {
        _check.Advance(now);
        _window.Acknowledge(end, now);
    }

    /// <summary>The peer has advanced by data that no longer counts as under way.</summary>
    public void Advance(long now) => _check.Advance(now);

    /// <inheritdoc cref="ArrivalCheck.StillAdvances"/>
    public void StillAdvances(long now) => _check.StillAdvances(now);

    /// <inheritdoc cref="ArrivalCheck.ResetBackoff"/>
    public void ResetBackoff() => _check.ResetBackoff();

    public void Widen() => _messages = (int)Math.Min(_messages * 2L, int.MaxValue);

    public void Narrow() => _messages = FirstWindow;

    /// <inheritdoc cref="LinkWindow.Forget"/>
    public void Forget() => _window.Forget();
}
