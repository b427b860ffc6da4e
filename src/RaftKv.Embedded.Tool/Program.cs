using System.CommandLine;
using System.CommandLine.Invocation;
using RaftKv.Embedded.Tool;
using RaftKv.Embedded.Tool.Output;

var parsed = ToolCommand.Create().Parse(args);
if (parsed.Action is ParseErrorAction errors)
{
    // The help is shown only when no command was given: otherwise it would hide the error.
    errors.ShowHelp = args.Length == 0;
    parsed.Invoke();
    Console.Error.WriteLine("Nothing was done. Add --help to the command for its arguments and options.");
    return ExitCode.Usage;
}
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (ToolFailure.Of(e) is { } failure)
{
    ToolFailure.Write(failure, ToolCommand.WantsJson(parsed));
    return failure.ExitCode;
}
