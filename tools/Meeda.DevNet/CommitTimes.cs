using System.Diagnostics.Metrics;

namespace Meeda.DevNet;

/// <summary>What the operator in this process measures of its commitments.</summary>
internal sealed class CommitTimes : IDisposable
{
    // By its name, not by the property: it is not set yet when this is called.
    private const string Instrument = "meeda.kzg.commit";

    private readonly MeterListener _listener = new();
    private double _last;

    /// <summary>Listens from now on.</summary>
    public CommitTimes()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == Instrument)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) => Volatile.Write(ref _last, value));
        _listener.Start();
    }

    /// <summary>What encoding and committing took for each blob of the last batch; zero before the first.</summary>
    public TimeSpan LastPerBlob => TimeSpan.FromMilliseconds(Volatile.Read(ref _last));

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
