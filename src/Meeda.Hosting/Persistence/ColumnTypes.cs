using System.Data;
using System.Globalization;
using System.Numerics;
using Dapper;

namespace Meeda.Hosting.Persistence;

/// <summary>
/// How this program's types stand in columns, the same in SQLite and PostgreSQL: block numbers and other unsigned
/// integers as <c>BIGINT</c>, times as Unix milliseconds, amounts of wei as decimal <c>TEXT</c>. Rooms add their own.
/// Dapper keeps this for the whole process, so each is registered once.
/// </summary>
internal static class ColumnTypes
{
    /// <summary>
    /// Registers the framework's types with Dapper, and matches columns such as <c>placed_at</c> with <c>PlacedAt</c>.
    /// </summary>
    public static void Register()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        Add(
            (BigInteger value) => value.ToString(CultureInfo.InvariantCulture),
            (string column) => BigInteger.Parse(column, CultureInfo.InvariantCulture)
        );
        Add((ulong value) => checked((long)value), (long column) => checked((ulong)column));
        Add((uint value) => (long)value, (long column) => checked((uint)column));
        Add(
            (DateTimeOffset value) => value.ToUnixTimeMilliseconds(),
            (long column) => DateTimeOffset.FromUnixTimeMilliseconds(column)
        );
    }

    /// <summary>Registers a type.</summary>
    /// <param name="write">Converts a value to the column's form.</param>
    /// <param name="read">Converts the column's form to a value.</param>
    public static void Add<T, TColumn>(Func<T, TColumn> write, Func<TColumn, T> read)
    {
        SqlMapper.RemoveTypeMap(typeof(T)); // where Dapper has an opinion of its own, it goes before
        SqlMapper.AddTypeHandler(new Handler<T, TColumn>(write, read));
    }

    private sealed class Handler<T, TColumn>(Func<T, TColumn> write, Func<TColumn, T> read) : SqlMapper.TypeHandler<T>
    {
        public override void SetValue(IDbDataParameter parameter, T? value) =>
            parameter.Value = value is null ? DBNull.Value : write(value);

        public override T Parse(object value) => read((TColumn)value);
    }
}
