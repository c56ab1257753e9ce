/* The first lines are steps, what follows an empty line is an instance as XML: it is opened as a
 * draft and as a correction of one form, and the steps are taken. Whatever comes, the draft can be
 * computed again without a change, and written. */
#include "tests/support/enginekit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char model[] =
    "<instance><data id='t' version='1'><n/><m jr:template=''><age/><name>x</name><k/></m>"
    "<g><a/><b/></g><c>1</c><pick/></data></instance>"
    "<instance id='l'><root><item><name>a</name><n>1</n></item><item><name>b</name><n>2</n></item>"
    "</root></instance>"
    "<bind nodeset='/data/n' type='int'/><bind nodeset='/data/m/age' type='int' required='true()'/>"
    "<bind nodeset='/data/m/k' calculate='position(..) + sum(/data/m/age)'/>"
    "<bind nodeset='/data/g' relevant='/data/n &gt; 1'/>"
    "<bind nodeset='/data/g/b' type='date' constraint='. &lt; today()'/>"
    "<bind nodeset='/data/c' calculate=\"concat(/data/g/a, count(/data/m))\"/>";
static const char body[] =
    "<input ref='/data/n'><setvalue event='xforms-value-changed' ref='/data/g/a' "
    "value='/data/n'/></input><repeat nodeset='/data/m'><input ref='/data/m/age'/>"
    "<input ref='/data/m/name'/></repeat><group ref='/data/g'><input ref='/data/g/a'/>"
    "<input ref='/data/g/b'/></group><select ref='/data/pick'>"
    "<itemset nodeset=\"instance('l')/root/item[n = /data/n]\"><value ref='name'/></itemset>"
    "</select>";

/* "+REF" adds, "-REF" removes, "REF=VALUE" answers. */
static void take(struct enginekit *kit, char *line) {
    char *value = strchr(line, '=');

    if (line[0] == '+') {
        (void)enginekit_add(kit, line + 1, 0);
    } else if (line[0] == '-') {
        (void)enginekit_remove(kit, line + 1);
    } else if (value != NULL) {
        *value = '\0';
        (void)enginekit_set(kit, line, value + 1);
    }
    err_clear(&kit->err);
}

static void check(struct enginekit *kit) {
    struct buf before;

    buf_init(&before, ENGINE_INSTANCE_BYTES);
    buf_add_text(&before, enginekit_xml(kit, ENGINE_DRAFT));
    if (engine_recompute(&kit->engine, &kit->err) == RC_OK &&
        strcmp(buf_text(&before), enginekit_xml(kit, ENGINE_DRAFT)) != 0)
        abort();
    buf_release(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct enginekit kit;
    const uint8_t *xml = memmem(data, size, "\n\n", 2);
    size_t head = xml == NULL ? size : (size_t)(xml - data);
    char line[200];

    enginekit_init(&kit);
    if (enginekit_load_parts(&kit, model, body) != RC_OK)
        abort();
    for (int mode = ENGINE_RESUME; mode <= ENGINE_EDIT; mode++) {
        struct view instance =
            xml == NULL ? view_of("", 0) : view_slice(view_of(data, size), head + 2, size);

        if (engine_open(&kit.engine, (enum engine_open_mode)mode, instance, &kit.err) != RC_OK &&
            engine_begin(&kit.engine, &kit.err) != RC_OK)
            abort();
        for (size_t at = 0; at < head;) {
            size_t length = 0;

            while (at < head && data[at] != '\n' && length + 1 < sizeof(line))
                line[length++] = (char)data[at++];
            line[length] = '\0';
            while (at < head && data[at] != '\n')
                at++;
            at++;
            take(&kit, line);
        }
        check(&kit);
    }
    enginekit_release(&kit);
    return 0;
}
