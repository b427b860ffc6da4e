using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RaftKv.Embedded.Tool;

/// <summary>The help of a command, and what the exit codes mean.</summary>
internal sealed class HelpWithExitCodes(HelpAction help) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(ExitCode.Help);
        return ExitCode.Done;
    }
}
