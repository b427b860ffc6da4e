namespace RaftKv.Samples.Shop;

/// <summary>The bank.</summary>
public interface IPayments
{
    /// <summary>Reserves an amount. Repeated calls for the same order reserve it once. A reservation without an order lapses.</summary>
    Task ReserveAsync(string orderId, int amount, CancellationToken cancellationToken);
}
