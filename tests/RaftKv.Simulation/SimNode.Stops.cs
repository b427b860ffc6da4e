namespace RaftKv.Simulation;

// The thread of the loop may be stopped in the middle of a turn, after it has read the clock; the other threads of the process go on
// meanwhile, and so does the time.
internal sealed partial class SimNode
{
    private long _nextStop;
    private long _stoppedUntil;
    private bool _isStopped;

    /// <summary>Stops the loop's thread for this time in its next turn.</summary>
    public void StopInNextTurn(long length)
    {
        _run.Transcript.Add(Id, $"its next turn is stopped for {length / VirtualTime.Millisecond} ms");
        _nextStop = length;
    }

    private void ArmStop()
    {
        // Only one stop at a time: a stop is a nested run of everything else.
        if (_nextStop == 0 || _run.IsHealing || _run.Nodes.Any(n => n._isStopped))
            return;
        var length = _nextStop;
        _nextStop = 0;
        Time.AfterNextReading = () => StopHere(length);
    }

    private void StopHere(long length)
    {
        var life = Life;
        (_isStopped, _stoppedUntil) = (true, _run.Time.Now + length);
        try
        {
            while (Life == life && IsUp && _run.Time.Step(Math.Min(_stoppedUntil, Math.Max(_run.EndOfFaults, _run.Time.Now))))
            {
            }
        }
        finally
        {
            _isStopped = false;
        }
        if (Life != life || !IsUp)
            throw new ProcessEndedException();
    }
}
