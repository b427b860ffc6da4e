using System.CommandLine;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>Options and arguments of the commands that read.</summary>
internal static class ReadOptions
{
    public static Option<string?> Consistency()
    {
        var option = new Option<string?>("--consistency")
        {
            Description = "linearizable (default), lease, or stale: the copy of the node that answers, also without a quorum",
        };
        option.AcceptOnlyFromAmong("linearizable", "lease", "stale");
        return option;
    }

    /// <summary>What keys begin with; empty by default.</summary>
    public static Argument<string> Prefix() => new("prefix")
    {
        Description = "What the keys begin with; every key unless told",
        DefaultValueFactory = _ => "",
    };

    /// <summary>A number of items; 100 by default.</summary>
    public static Option<int> Limit(string what, int most)
    {
        var limit = new Option<int>("--limit") { Description = $"How many {what} at most, 1 to {most}", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var number && (number < 1 || number > most))
                result.AddError($"--limit is a number from 1 to {most}.");
        });
        return limit;
    }
}
