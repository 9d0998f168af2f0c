using Router.Core.Database;

namespace Router.Core.Tests;

public sealed class ConnectionStringsTests
{
    [Theory]
    [InlineData("postgres://u:p@h:5433/d", "Host=h;Port=5433;Database=d;Username=u;Password=p")]
    [InlineData("postgresql://u:p%40%3A@h/d", "Host=h;Port=5432;Database=d;Username=u;Password=p@:")]
    [InlineData("postgres://u@h/d?sslmode=verify-full", "Host=h;Port=5432;Database=d;Username=u;SSL Mode=VerifyFull")]
    [InlineData("postgres://u@h/d?root_certificate=/etc/ssl/my-ca.pem",
        "Host=h;Port=5432;Database=d;Username=u;Root Certificate=/etc/ssl/my-ca.pem")]
    [InlineData("postgres://u@h/d?sslrootcert=%2Fetc%2Fmy-ca.pem&sslmode=verify-ca",
        "Host=h;Port=5432;Database=d;Username=u;Root Certificate=/etc/my-ca.pem;SSL Mode=VerifyCA")]
    [InlineData("postgres://u@h/d?application_name=lead-router%20a%26b",
        "Host=h;Port=5432;Database=d;Username=u;Application Name=\"lead-router a&b\"")]
    [InlineData("postgres://u@h/d?options=-c%20work_mem%3D8MB", "Host=h;Port=5432;Database=d;Username=u;Options=\"-c work_mem=8MB\"")]
    [InlineData("postgres://u@h/d?connect_timeout=7&SSLMode=Require&channel_binding=require",
        "Host=h;Port=5432;Database=d;Username=u;Timeout=7;SSL Mode=Require;Channel Binding=Require")]
    [InlineData("postgres://us%40er:p%2F%3F%25%23-_@h/my-db%2F1", "Host=h;Port=5432;Database=my-db/1;Username=us@er;Password=p/?%#-_")]
    [InlineData("postgres://u:a:b@c@h/d", "Host=h;Port=5432;Database=d;Username=u;Password=a:b@c")]
    [InlineData("postgres://u:p@[::1]:5433/d", "Host=::1;Port=5433;Database=d;Username=u;Password=p")]
    [InlineData("postgres://u@[fd00::1]/d", "Host=fd00::1;Port=5432;Database=d;Username=u")]
    [InlineData("postgres://u@h1:5433,h2/d", "Host=h1:5433,h2:5432;Database=d;Username=u")]
    [InlineData("postgres://u@[::1]:5433,[fd00::2],10.0.0.1:5434/d?target_session_attrs=read-write",
        "Host=[::1]:5433,[fd00::2]:5432,10.0.0.1:5434;Database=d;Username=u;Target Session Attributes=read-write")]
    [InlineData("postgres://u@h1,h2/d?load_balance_hosts=random", "Host=h1:5432,h2:5432;Database=d;Username=u;Load Balance Hosts=True")]
    [InlineData("postgres:///d?host=/var/run/postgresql&user=u", "Host=/var/run/postgresql;Port=5432;Database=d;Username=u")]
    [InlineData("postgres://%2Fvar%2Frun/d", "Host=/var/run;Port=5432;Database=d")]
    [InlineData("POSTGRES://u@h", "Host=h;Port=5432;Username=u")]
    [InlineData("Host=h;Database=d", "Host=h;Database=d")]
    public void Url_OfPostgres_IsUnderstood(string text, string expected) =>
        Assert.Equal(expected, ConnectionStrings.Parse(text).ConnectionString);

    [Theory]
    [InlineData("postgres://u:SECRET@h:port/d")]
    [InlineData("postgres://u:SECRET@h:99999/d")]
    [InlineData("postgres://u:SECRET@h:1,h:x/d")]
    [InlineData("postgres://u:SECRET@h/d?nonsense=1")]
    [InlineData("postgres://u:SECRET@h/d?sslmode=perhaps")]
    [InlineData("postgres://u:SECRET@h/d?timeout=soon")]
    [InlineData("postgres://u:x/SECRET@h/d")]
    [InlineData("postgres://u:x?SECRET@h/d")]
    [InlineData("mysql://u:SECRET@h/d")]
    [InlineData("Host=h;Pass word=SECRET")]
    public void Url_ThatIsWrong_IsRefusedWithoutRepeatingIt(string text)
    {
        var refused = Assert.Throws<ArgumentException>(() => ConnectionStrings.Parse(text));
        Assert.DoesNotContain("SECRET", refused.ToString(), StringComparison.Ordinal);
    }
}
