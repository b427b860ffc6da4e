namespace RaftKv.Samples.Shop;

/// <summary>A bank that accepts every reservation at once.</summary>
public sealed class InstantPayments : IPayments
{
    /// <inheritdoc/>
    public Task ReserveAsync(string orderId, int amount, CancellationToken cancellationToken) => Task.CompletedTask;
}
