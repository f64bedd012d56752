using Meeda.Operator.Batches;

namespace Meeda.Operator.Http;

/// <summary>Which body is cut off.</summary>
internal sealed partial class BodyBudget
{
    /// <summary>
    /// The body that is cut off so that a waiting one can enter: the slowest of the client that holds most, if it is
    /// slow or its client holds more than the waiting one's. Null where
    /// there is none, or another body is first in line, or enough is being given back already.
    /// </summary>
    private BodyRoom? FindSlowestFor(Waiter waiter)
    {
        lock (_gate)
        {
            Client own = waiter.Room.Client;
            if (
                !_waiting.Contains(waiter)
                || _waiting.Exists(other =>
                    other != waiter && IsBefore(other, waiter) && (other.Room.Client == own || !IsBeyondItsPart(other))
                )
            )
            {
                return null;
            }

            bool isFirst = IsFirst(waiter);
            bool isBeyondItsPart = IsBeyondItsPart(waiter);
            long needed = waiter.Bytes;
            BodyRoom? slowest = null;
            foreach (Client client in _clients.Values.Where(client => !isBeyondItsPart || client == own))
            {
                foreach (BodyRoom room in client.Rooms)
                {
                    long held = isFirst ? room.First : room.Rest + room.Reserve;
                    if (room.IsCutOff)
                    {
                        needed -= held;
                        continue;
                    }

                    if (
                        held > 0
                        && room.Speed is { } speed
                        && (speed < Pace.LongBytesPerSecond || client.Held > own.Held)
                        && (
                            slowest is null
                            || client.Held > slowest.Client.Held
                            || (client == slowest.Client && speed < slowest.Speed)
                        )
                    )
                    {
                        slowest = room;
                    }
                }
            }

            return needed > 0 ? slowest : null;
        }
    }
}
