/* A host that has a libnice of its own in its process, as every user of GStreamer's webrtcbin: GLib's types are named
 * for the whole process, and neither may take the other's. The argument says whose agent is made first. */
#include "tests/agent_pair.h"

#include <dlfcn.h>
#include <glib-object.h>

static bool host_first;

/* Makes the host's agent, with the library that the system has, and one stream. */
static void make_hosts_agent(void)
{
    GObject *(*make)(GMainContext *, int);
    guint (*add_stream)(GObject *, guint);
    void *library = dlopen("libnice.so.10", RTLD_NOW | RTLD_GLOBAL);
    assert_non_null(library);
    *(void **)&make = dlsym(library, "nice_agent_new");
    *(void **)&add_stream = dlsym(library, "nice_agent_add_stream");
    assert_non_null(make);
    assert_non_null(add_stream);
    GObject *agent = make(NULL, 0);
    assert_non_null(agent);
    assert_string_equal(G_OBJECT_TYPE_NAME(agent), "NiceAgent");
    assert_int_equal(add_stream(agent, 1), 1);
    g_object_unref(agent);
}

static void connect_ours(void)
{
    struct pair pair;
    start(&pair, AGENT, AGENT);
    run_until(&pair, writable);
    media_flow(&pair);
    finish(&pair);
}

static void two_libnices_live_in_one_process(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        if (host_first == (i == 0)) {
            make_hosts_agent();
        } else {
            connect_ours();
        }
    }
    static const char *const types[] = { "NiceAgent", "NiceComponent", "NiceNominationMode" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char ours[64];
        g_snprintf(ours, sizeof ours, "Strait%s", types[i]);
        GType host = g_type_from_name(types[i]), own = g_type_from_name(ours);
        assert_true(host != 0);
        assert_true(own != 0);
        assert_true(host != own);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(two_libnices_live_in_one_process) };
    host_first = argc > 1 && strcmp(argv[1], "host") == 0;
    /* What GLib says of a type that is there already is a warning. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    return cmocka_run_group_tests_name("agent_beside", tests, NULL, NULL);
}
