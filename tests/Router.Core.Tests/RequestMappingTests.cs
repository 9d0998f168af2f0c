using System.Text;
using System.Text.Json;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Tests;

public sealed class RequestMappingTests
{
    private const string Lead = """
        {"id":"1","action":"created","first_name":"Ann \"The\" Ace\n","last_name":"Lee & Søn","email":"ann@example.com",
         "zip":96815,"phone":null,
         "tags":["vip","cash"],"notes":"","partner_id":"p-1","agent":true,
         "activities":[{"type":"visited"},{"type":"property_viewed","property":{"city":"Hilo","list_price":"725000","beds":3}}]}
        """;

    [Fact]
    public void Table_OfRenamesConstantsAndJoins_MakesTheirJson()
    {
        var made = Apply(new RequestMapping(Actions: Created(new ActionMapping(Fields:
        [
            new("type", Value: "Registration"), new("person.name", ["first_name", "phone", "last_name"]),
            new("person.emails.0.value", ["second_email"]), new("person.emails.1.value", ["email"]),
            new("person.emails.1.type", Value: "home"), new("person.zip", ["zip"]),
            new("person.tags", ["tags"]), new("person.agent", ["agent"]), new("person.note", ["notes"]),
            new("person.source", ["source"], Default: "unknown"), new("property.city", ["activities.property.city"]),
            new("property.beds", ["activities.property.beds"]),
        ]))));
        Assert.Equal(
            """
            {"type":"Registration","person":{"name":"Ann \"The\" Ace Lee & Søn","emails":[{"value":"ann@example.com","type":"home"}],
            "zip":96815,"tags":["vip","cash"],"agent":true,"source":"unknown"},"property":{"city":"Hilo","beds":3}}
            """.ReplaceLineEndings(""), made);
    }

    [Fact]
    public void Template_PrintsIntoStrings_EscapedForJson()
    {
        var made = Apply(Template("""
            {"name": "{{ first_name }} {{ last_name }}", "zip": {{ zip | json }}, "none": "{{ nobody.at.all }}",
             {% for activity in activities %}{% if activity.property %}"city": {{ activity.property.city | json }},{% endif %}{% endfor %}
             "tags": {{ tags | json }}, "digits": "{{ "(808) 555-0100" | digits }}", "agent": {{ agent }},
             "last": {{ activities | last | json }}, }
            """));
        Assert.Equal(
            """
            {"name":"Ann \"The\" Ace\n Lee & Søn","zip":96815,"none":"","city":"Hilo","tags":["vip","cash"],
            "digits":"8085550100","agent":true,
            "last":{"type":"property_viewed","property":{"city":"Hilo","list_price":"725000","beds":3}}}
            """.ReplaceLineEndings(""), made);
    }

    [Fact]
    public void Form_OfAFlatObject_IsEncodedAsBrowsersDo()
    {
        var mapping = new RequestMapping(BodyFormat.Form, Created(new ActionMapping(Fields:
            [new("last_name", ["last_name"]), new("00N30000001", ["tags"]), new("zip", ["zip"]), new("oid", ["partner_id"])])));
        Assert.Equal("last_name=Lee+%26+S%C3%B8n&00N30000001=vip&00N30000001=cash&zip=96815&oid=p-1", Apply(mapping));
        Assert.Equal("application/x-www-form-urlencoded", CompiledMapping.Of(mapping).ContentType.ToString());
    }

    [Theory]
    [InlineData("""{"a": "{{ email }}" """, "line 1")]
    [InlineData("{{ email }}", "line 1")]
    [InlineData("\"text\"", "neither a JSON object nor a list")]
    [InlineData("""{"a": {{ 1 | divided_by: 0 }} }""", "something impossible")]
    [InlineData("""{"a": "{{ email | sha256 }}" }""", "unknown filter")]
    [InlineData("{% for a in tags %}{% for b in tags %}{% assign n = n | append: email | append: email %}{% endfor %}{% endfor %}{}", null)]
    public void Template_ThatMakesNoJson_SaysSoWithoutTheLead(string template, string? problem)
    {
        if (problem is null)
        {
            Assert.Equal("{}", Apply(Template(template)));
            return;
        }

        var failed = Assert.Throws<MappingException>(() => Apply(Template(template)));
        Assert.Contains(problem, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", failed.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Bombs => new(
        // Doubled 40 times; a hundred times a hundred times a hundred; replaced letter by letter; joined with a book.
        string.Concat("{% assign a = email %}", string.Concat(Enumerable.Repeat("{% assign a = a | append: a %}", 40)), "{}"),
        string.Concat(
            "{% capture a %}{{ email }}{% endcapture %}",
            string.Concat(Enumerable.Repeat("{% capture a %}{{ a }}{{ a }}{% endcapture %}", 40)), "{}"),
        "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}{}",
        "{% for a in many %}{% for b in many %}{% for c in many %}{{ long }}{% endfor %}{% endfor %}{% endfor %}{}",
        "{% assign a = long | replace: 'x', long %}{}",
        "{{ '2026-01-01' | date: '%999999999Y' }}{}",
        "{{ '2026-01-01' | date: '%-0000000999999999n' }}{}",
        "{% assign a = long | split: '' | join: long %}{}",
        "{% assign a = long | url_encode | url_encode | url_encode | url_encode | url_encode %}{% assign a = a | split: '' %}{}",
        // Few statements, each of which reads much: a search that almost finds at each place, a copied list, comparisons of what is equal
        // until its end, a name of a hundred thousand characters.
        Repeated($"{{% if long contains almost {string.Concat(Enumerable.Repeat("or long contains almost ", 200))} %}}{{% endif %}}"),
        $"{{% assign l = long | split: 'y' %}}{Repeated(string.Concat(Enumerable.Repeat("{% for x in many limit: 0 %}{% endfor %}", 90)))}",
        Repeated($"{{% case long %}}{{% when {string.Concat(Enumerable.Repeat("other,", 1000))} other %}}{{% endcase %}}"),
        Repeated($"{{{{ {string.Concat(Enumerable.Repeat("many[long] | append: ", 50))} '' }}}}"),
        Repeated("{% assign a = long | replace: almost, '' %}"),
        // A capture that grows before it is kept; what a filter takes as text is a list; digits that are read as a number again and again;
        // a choice for each of many equal values.
        Repeated("{% capture a %}{% for c in many %}{{ long }}{% endfor %}{% endcapture %}"),
        "{% assign a = long | replace: blanks, long %}{% assign a = a | replace: blanks, a %}{}",
        Repeated(string.Concat(Enumerable.Repeat("{% for x in email limit: 0 offset: digits %}{% endfor %}", 80))),
        $"{{% for a in many %}}{{% case 1 %}}{{% when {string.Concat(Enumerable.Repeat("2,", 6000))}1 %}}"
            + $"{{% if 1 < 2 {Repeat("and 1 < 2 ", 290)} %}}{{% endif %}}{{% endcase %}}{{% endfor %}}{{}}",
        Repeated($"{{% case spaces %}}{{% when {Repeat("blank,", 1000)}blank %}}{{% endcase %}}"));

    /// <summary>A condition's value once stood for its left side, and counted as little as a condition.</summary>
    [Theory]
    [InlineData("{% assign w = long and true %}{% assign l = long | slice: 0, 2000 | split: '' %}{{ l and true | join: long }}{}")]
    [InlineData("{% assign w = long and true %}{% for a in many %}{% for b in many %}{% if w contains almost %}{% endif %}"
        + "{% endfor %}{% endfor %}{}")]
    public void Condition_IsTrueOrFalseAndNothingElse(string template)
    {
        var made = Record.Exception(() => CompiledMapping.Of(Template(template)).Apply(LeadAction.Created, Long));
        Assert.True(made is MappingException or null, $"{made}");
        Assert.Equal(
            """{"a":true}""", Encoding.UTF8.GetString(CompiledMapping.Of(Template("""{% assign w = long and true %}{"a": {{ w }}}"""))
                .Apply(LeadAction.Created, Long)));
    }

    [Fact]
    public void Case_RunsWhatFitsOnce_AndElseWhereNothingDoes() => Assert.Equal(
        """{"a":"one","b":"none"}""", Encoding.UTF8.GetString(Compiled(new ActionMapping("""
            {"a": "{% case email %}{% when 'x', 'ann@example.com', 'ann@example.com' %}one{% else %}none{% endcase %}",
             "b": "{% case email %}{% when 'x' %}one{% when 'y' %}two{% else %}none{% endcase %}"}
            """)).Apply(LeadAction.Created, Long)));

    [Theory]
    [InlineData("{{ objects | map: blanks | size }}")]
    [InlineData("{{ objects | map: digits | size }}")]
    [InlineData("{{ objects | where: digits | size }}")]
    [InlineData("{{ objects | where: 'v', digits | size }}")]
    public void Filter_ThatAsksEachItemOfAList_IsStopped(string template) => Assert.Throws<MappingException>(
        () => Compiled(new ActionMapping($"{{\"n\": {template} }}")).Apply(LeadAction.Created, JsonSerializer.SerializeToUtf8Bytes(new
        {
            objects = Enumerable.Repeat(new { v = "" }, 20_000), digits = new string('1', 300_000),
            blanks = Enumerable.Repeat("", 100_000),
        })));

    [Fact]
    public void Form_ThatNamesAFieldForEachItem_IsStopped() => Assert.Throws<MappingException>(() => CompiledMapping.Of(
        new RequestMapping(BodyFormat.Form, new Dictionary<string, ActionMapping>(StringComparer.Ordinal)
        {
            ["created"] = new("{\"{{ long }}\": {{ many | json }}}"),
        })).Apply(LeadAction.Created, Long));

    [Fact]
    public void List_OfTheLead_KeepsItsNulls_AndOneOfRowsHasNone() => Assert.Equal(
        """{"tags":[1,null,3],"list":["b"]}""", Encoding.UTF8.GetString(Compiled(new ActionMapping(
            Fields: [new("tags", ["a"]), new("list.0", ["nothing"]), new("list.1", ["b"])]))
            .Apply(LeadAction.Created, """{"a":[1,null,3],"b":"b"}"""u8.ToArray())));

    [Fact]
    public void Table_ThatLooksTooLong_IsStopped()
    {
        var deep = $"{Repeat("[", 55)}{string.Join(',', Enumerable.Repeat("\"\"", 9_000))}{Repeat("]", 55)}";
        Assert.Throws<MappingException>(() => Compiled(new ActionMapping(
            Fields: [.. Enumerable.Range(0, 100).Select(i => new FieldMapping($"f{i}", Enumerable.Repeat("a", 10).ToArray()))]))
            .Apply(LeadAction.Created, Encoding.UTF8.GetBytes($$"""{"a": {{deep}} }""")));
    }

    [Fact]
    public void Table_ThatMakesTooMuch_IsStopped() => Assert.Throws<MappingException>(() => Compiled(new ActionMapping(
        Fields: [.. Enumerable.Range(0, 100).Select(i => new FieldMapping($"f{i}", Enumerable.Repeat("long", 10).ToArray()))]))
        .Apply(LeadAction.Created, Long));

    private static readonly byte[] Long = JsonSerializer.SerializeToUtf8Bytes(new
    {
        email = "ann@example.com", many = Enumerable.Range(0, 100), @long = new string('x', 100_000),
        other = new string('x', 99_999) + 'y', almost = new string('x', 2000) + 'y' + new string('x', 2000),
        digits = new string('0', 100_000), spaces = new string(' ', 100_000), blanks = (string[])["x", .. Enumerable.Repeat("", 10_000)],
    });

    private static string Repeated(string inner) => $"{{% for a in many %}}{{% for b in many %}}{inner}{{% endfor %}}{{% endfor %}}{{}}";

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Template_ThatMultiplies_IsStopped(string template)
    {
        Assert.Null(new ActionMapping(template).Problem);
        Assert.Throws<MappingException>(() => CompiledMapping.Of(Template(template)).Apply(LeadAction.Created, Long));
    }

    [Theory]
    [InlineData("{% for i in (1..1000000000) %}{% endfor %}", "range")]
    [InlineData("{% include 'secrets' %}", "isn't Liquid")]
    [InlineData("{{ a\0 }}", "NUL")]
    [InlineData("{% render 'secrets' %}", "isn't Liquid")]
    [InlineData("{% for a in tags limit: 2 offset: continue %}{% endfor %}", "offset: continue")]
    [InlineData("MANY", "too many parts")]
    [InlineData("{{ a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u }}", "20 parts")]
    [InlineData("{% echo email %}{}", "isn't Liquid")]
    [InlineData("{{ a", "isn't Liquid")]
    [InlineData("", "either a template or fields")]
    public void Template_ThatCannotBe_IsRefused(string template, string problem) =>
        // Many: read as numbers, with nothing between them and the words.
        Assert.Contains(
            problem,
            Template(template == "MANY" ? $"{{% if -1{Repeat("or-1", 4000)} %}}{{% endif %}}{{}}" : template).Problem,
            StringComparison.Ordinal);

    [Fact]
    public void Template_ThatTheParserWouldReadForEver_IsReadAtOnceAtTheLimit() =>
        Assert.NotNull(Template($"{{{{ {Repeat("a[(", 4)}a[b{Repeat(".c", 9000)} }}}}").Problem);

    [Theory]
    [InlineData("a[", "]", 2000, "brackets")]
    [InlineData("(", "", 9900, "parentheses")]
    [InlineData("a[(", "", 59, "parentheses")]
    [InlineData("{%\uFEFFif 1%}", "", 2000, "begin a block")]
    [InlineData("{%\u180Eraw%}", "", 2000, "begin a block")]
    [InlineData("{%if a%}", "{%endif%}", 1000, "begin a block")]
    [InlineData("{%raw%}{%endif%}{%endraw%}{%if a%}", "", 400, "begin a block")]
    [InlineData("| upcase ", "", 2000, "filters")]
    [InlineData("and a ", "", 2000, "'and'")]
    public void Template_OfDeepNesting_IsRefusedBeforeItIsRead(string begin, string end, int depth, string problem) =>
        Assert.Contains(
            problem, Template($"{{{{ {Repeat(begin, depth)} {Repeat(end, depth)} }}}}").Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ a[a[a[ }}")]
    [InlineData("{%if a%}")]
    [InlineData("{% if a or a or")]
    [InlineData("{{ ((((")]
    public void Template_AtItsLimits_FitsOnASmallStack(string begin)
    {
        // Half of what threads have: whoever calls needs some, too.
        var template = begin.EndsWith("or", StringComparison.Ordinal) ? $"{{% if a {Repeat("or a ", 300)}%}}{{% endif %}}{{}}"
            : begin.EndsWith('(') ? $"{{{{ {Repeat("(", 4)}a{Repeat(")", 4)} }}}}{{}}"
            : begin.Contains('[', StringComparison.Ordinal) ? $"{{{{ {Repeat("a[", 60)}a{Repeat("]", 60)} }}}}{{}}"
            : $"{Repeat(begin, 50)}{Repeat("{%for a in tags%}", 10)}{{{{ {Repeat("a[", 60)}a{Repeat("]", 60)} }}}}"
                + $"{Repeat("{%endfor%}", 10)}{Repeat("{%endif%}", 50)}{{}}";
        Exception? failed = null;
        var thread = new Thread(
            () => failed = Record.Exception(() => Apply(Template(template))), maxStackSize: 768 * 1024);
        thread.Start();
        thread.Join();
        Assert.True(failed is null or MappingException, $"{failed}");
    }

    [Theory]
    [InlineData("{\"first_name\": \"half \\ud83d\", \"\\ud83d\": 1, \"tags\": [\"\\ud83d\"]}")]
    public void Lead_WithHalfASurrogatePair_IsSentOrSaysWhyNot(string lead)
    {
        var bytes = Encoding.UTF8.GetBytes(lead);
        var table = new ActionMapping(Fields: [new("name", ["first_name"])]);
        Assert.Equal("{\"name\":\"\uFFFD\"}", Encoding.UTF8.GetString(Compiled(table).Apply(LeadAction.Created, bytes)));
        Assert.Equal(
            "{\"name\":\"\uFFFD\"}",
            Encoding.UTF8.GetString(Compiled(new("{\"name\":\"{{ first_name }}\"}")).Apply(LeadAction.Created, bytes)));
        Assert.Throws<MappingException>(
            () => Compiled(new ActionMapping(Fields: [new("tags", ["tags"])])).Apply(LeadAction.Created, bytes));
    }

    [Fact]
    public void Mapping_WithoutAnAction_DoesNotSendIt()
    {
        var compiled = CompiledMapping.Of(Template("{}"));
        Assert.True(compiled.Maps(LeadAction.Created));
        Assert.False(compiled.Maps(LeadAction.Updated));
    }

    [Theory]
    [InlineData("""{"to": "a b", "from": ["id"]}""", "receiver's name")]
    [InlineData("""{"to": "a"}""", "either fields of ours or a constant")]
    [InlineData("""{"to": "a", "from": ["id"], "value": "1"}""", "either fields of ours or a constant")]
    [InlineData("""{"to": "a", "from": ["first name"]}""", "no field of ours")]
    [InlineData("""{"to": "list.20.a", "from": ["id"]}""", "20 items at most")]
    public void Row_ThatCannotBe_SaysWhy(string row, string problem) => Assert.Contains(
        problem, RequestMapping.Parse($$"""{"actions": {"created": {"fields": [{{row}}] } } }""")!.Problem, StringComparison.Ordinal);

    [Fact]
    public void Rows_ThatWantTheSamePlace_SayWhich()
    {
        var failed = Assert.Throws<MappingException>(() => Apply(new RequestMapping(Actions: Created(new ActionMapping(Fields:
            [new("person", ["email"]), new("person.name", ["last_name"])])))));
        Assert.Contains("person.name", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"actions": {"sold": {"template": "{}"}}}""", "'sold' is no action")]
    [InlineData("""{"actions": {"created": null}}""", "is empty")]
    [InlineData("""{"actions": {"created": {"template": "{}"}}, "tests": [{"name": "t", "action": "created"}]}""", "A test needs")]
    [InlineData(
        """
        {"actions": {"created": {"template": "{}"}}, "tests": [{"name": "t", "action": "updated", "event": {}, "expected": {}}]}
        """, "isn't sent")]
    [InlineData(
        """
        {"actions": {"created": {"template": "{\"a\": {{ zip }}}"}},
         "tests": [{"name": "zip", "action": "created", "event": {"zip": 1}, "expected": {"a": 2}}]}
        """, "'zip' fails: the format makes {\"a\":1}")]
    [InlineData(
        """
        {"actions": {"created": {"template": "{\"a\": {{ zip }}}"}},
         "tests": [{"name": "zip", "action": "created", "event": {"zip": 1}, "expected": {"a": 1}}]}
        """, null)]
    public void Mapping_IsSavedOnly_WhenItsTestsHold(string mapping, string? problem)
    {
        var found = RequestMapping.Parse(mapping)!.Problem;
        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Mapping_ThatCannotBeRead_SendsNothingInTheWrongFormat()
    {
        var unreadable = CompiledMapping.Read("""{"actions": {"created": {"script": "x"}}}""")!;
        Assert.True(unreadable.Maps(LeadAction.Created));
        Assert.Throws<MappingException>(() => unreadable.Apply(LeadAction.Created, "{}"u8.ToArray()));
    }

    private static CompiledMapping Compiled(ActionMapping mapping) => CompiledMapping.Of(new RequestMapping(Actions: Created(mapping)));

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static RequestMapping Template(string template) => new(Actions: Created(new ActionMapping(template)));

    private static Dictionary<string, ActionMapping> Created(ActionMapping mapping) => new() { ["created"] = mapping };

    private static string Apply(RequestMapping mapping) =>
        Encoding.UTF8.GetString(CompiledMapping.Of(mapping).Apply(LeadAction.Created, Encoding.UTF8.GetBytes(Lead)));
}
