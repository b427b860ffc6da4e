namespace RaftKv.Samples.Shop.Tests;

/// <summary>A bank that records the reservations, and calls the test before it answers.</summary>
internal sealed class FakePayments : IPayments
{
    /// <summary>The amounts reserved, by order.</summary>
    public Dictionary<string, int> Reserved { get; } = [];

    /// <summary>Called for each request, with its number and its token.</summary>
    public Func<int, CancellationToken, Task> OnRequest { get; set; } = (_, _) => Task.CompletedTask;

    private int _requests;

    public async Task ReserveAsync(string orderId, int amount, CancellationToken cancellationToken)
    {
        await OnRequest(Interlocked.Increment(ref _requests), cancellationToken);
        lock (Reserved)
            Reserved[orderId] = amount;
    }
}
