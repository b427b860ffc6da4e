using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.StateMachine;

/// <summary>Which commands fit the limits of the cluster.</summary>
public sealed class RecordLimitsTests
{
    /// <summary>An increment stores up to 20 digits. A store that cannot hold them would have to give up on a committed entry.</summary>
    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    public void An_increment_needs_room_for_the_longest_number(int maxValueBytes, bool isAllowed)
    {
        var command = Transactions.Do(Transactions.Add("n", 1)).Command(1, 1);

        Assert.Equal(isAllowed, new RecordLimits(new ClusterLimits(1024, maxValueBytes, 1024)).Allow(command));
    }
}
