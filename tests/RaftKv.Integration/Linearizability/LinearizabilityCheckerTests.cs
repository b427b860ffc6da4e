using Xunit;

namespace RaftKv.Integration.Linearizability;

/// <summary>The checker accepts linearizable histories, rejects all others, and gives up when too many operations overlap.</summary>
public sealed class LinearizabilityCheckerTests
{
    [Fact]
    public void Nothing_is_linearizable() => AssertGood();

    [Fact]
    public void A_read_sees_the_write_before_it() => AssertGood(Write("a", 1, 2), Read("a", 3, 4));

    [Fact]
    public void A_key_that_was_never_written_is_absent() => AssertGood(Read(null, 1, 2), Write("a", 3, 4));

    [Fact]
    public void A_read_that_misses_a_finished_write_is_stale() => AssertBad(Write("a", 1, 2), Write("b", 3, 4), Read("a", 5, 6));

    [Fact]
    public void A_read_of_a_value_nobody_wrote_is_wrong() => AssertBad(Write("a", 1, 2), Read("b", 3, 4));

    [Fact]
    public void A_read_that_overlaps_a_write_may_see_either_value()
    {
        AssertGood(Write("a", 1, 2), Write("b", 3, 6), Read("a", 4, 5));
        AssertGood(Write("a", 1, 2), Write("b", 3, 6), Read("b", 4, 5));
    }

    [Fact]
    public void Two_reads_that_overlap_a_write_must_not_go_back_in_time()
    {
        AssertGood(Write("a", 1, 2), Write("b", 3, 10), Read("a", 4, 5), Read("b", 6, 7));
        AssertBad(Write("a", 1, 2), Write("b", 3, 10), Read("b", 4, 5), Read("a", 6, 7));
    }

    [Fact]
    public void Clients_must_agree_on_the_order_of_two_concurrent_writes()
        => AssertBad(Write("a", 1, 10), Write("b", 1, 10), Read("a", 11, 12), Read("b", 13, 14), Read("a", 15, 16));

    [Fact]
    public void An_unknown_write_may_have_happened_or_not()
    {
        AssertGood(Write("a", 1, 2), Unknown("b", 3), Read("a", 4, 5), Read("a", 6, 7));
        AssertGood(Write("a", 1, 2), Unknown("b", 3), Read("a", 4, 5), Read("b", 6, 7));
    }

    [Fact]
    public void An_unknown_write_does_not_come_undone()
        => AssertBad(Write("a", 1, 2), Unknown("b", 3), Read("b", 4, 5), Read("a", 6, 7));

    [Fact]
    public void An_unknown_write_does_not_happen_before_its_call()
        => AssertBad(Write("a", 1, 2), Read("b", 3, 4), Unknown("b", 5));

    [Fact]
    public void A_compare_and_set_that_applied_found_what_it_expected()
    {
        AssertGood(Write("a", 1, 2), Replace("a", "b", 3, 4), Read("b", 5, 6));
        AssertBad(Write("a", 1, 2), Replace("b", "c", 3, 4));
    }

    [Fact]
    public void Two_compare_and_sets_cannot_both_replace_the_same_value()
        => AssertBad(Write("a", 1, 2), Replace("a", "b", 3, 6), Replace("a", "c", 4, 5));

    [Fact]
    public void A_lost_acknowledged_write_is_found_among_many_good_operations()
    {
        var history = new List<RegisterOperation>();
        for (var i = 0; i < 500; i++)
        {
            var at = i * 10;
            history.Add(Write($"v{i}", at, at + 12, client: i % 3));
            history.Add(Read($"v{i}", at + 13, at + 15, client: 4));
        }

        AssertGood([.. history]);
        AssertBad([.. history, Read("v498", 6000, 6001)]);
    }

    [Fact]
    public void Too_many_overlapping_operations_are_inconclusive_and_not_a_verdict()
    {
        var history = Enumerable.Range(0, 24).Select(i => Write($"v{i}", 1, 100, client: i)).ToList();
        history.Add(Read("nobody", 101, 102));

        Assert.Equal(LinearizabilityVerdict.Inconclusive, LinearizabilityChecker.Check(history, budget: 1_000));
    }

    private static void AssertGood(params RegisterOperation[] history)
        => Assert.Equal(LinearizabilityVerdict.Linearizable, LinearizabilityChecker.Check(history));

    private static void AssertBad(params RegisterOperation[] history)
        => Assert.Equal(LinearizabilityVerdict.NotLinearizable, LinearizabilityChecker.Check(history));

    private static RegisterOperation Write(string value, long call, long @return, int client = 1)
        => new(client, RegisterOperationKind.Write, value, null, call, @return);

    private static RegisterOperation Unknown(string value, long call)
        => new(1, RegisterOperationKind.Write, value, null, call, RegisterOperation.Never);

    private static RegisterOperation Read(string? value, long call, long @return, int client = 2)
        => new(client, RegisterOperationKind.Read, value, null, call, @return);

    private static RegisterOperation Replace(string? expected, string value, long call, long @return)
        => new(3, RegisterOperationKind.CompareAndSet, value, expected, call, @return);
}
