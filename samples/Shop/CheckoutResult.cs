namespace RaftKv.Samples.Shop;

/// <summary>How a checkout ended.</summary>
public enum CheckoutResult
{
    /// <summary>The order is placed.</summary>
    Placed,

    /// <summary>There are not enough of an item. Nothing was changed.</summary>
    SoldOut,

    /// <summary>The same cart is being checked out by another request.</summary>
    Busy,

    /// <summary>The lock was lost on the way. The customer may try again: a cart is ordered once.</summary>
    Interrupted,

    /// <summary>Other customers changed the same items during each attempt. The customer may try again.</summary>
    Conflict,
}
