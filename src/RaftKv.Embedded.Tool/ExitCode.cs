namespace RaftKv.Embedded.Tool;

/// <summary>The exit codes of the process. The numbers are stable: scripts rely on them.</summary>
internal static class ExitCode
{
    /// <summary>The command did what it was asked.</summary>
    public const int Done = 0;

    /// <summary>Refused, or failed for good. Nothing was changed.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong. Nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>The change may have been made, or may still be.</summary>
    public const int OutcomeUnknown = 3;

    /// <summary>No address answered. Nothing was changed.</summary>
    public const int Unreachable = 4;

    /// <summary>There is no such key.</summary>
    public const int NoSuchKey = 5;

    /// <summary>The condition did not hold. Nothing was changed.</summary>
    public const int ConditionNotMet = 6;

    /// <summary>No node serves the call now. Nothing was changed; the same command may succeed later.</summary>
    public const int Unavailable = 7;

    /// <summary>Interrupted while it changed nothing.</summary>
    public const int Interrupted = 130;

    /// <summary>The same for <c>--help</c>.</summary>
    public const string Help =
        """
        Exit codes:
          0    done
          1    refused, or failed for good; nothing was changed
          2    the command line is wrong; nothing was sent
          3    the outcome is unknown: the change may have been made
          4    no address answered; nothing was changed
          5    there is no such key
          6    the condition did not hold; nothing was changed
          7    not served now (no leader, no quorum, overloaded, ...); nothing was changed, the same command may succeed later
          130  interrupted; nothing was changed
        """;
}
