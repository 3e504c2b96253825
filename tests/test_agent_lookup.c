/* Names of servers, with a resolver of the test's own in the place of GLib's: one that answers, one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "ice/agent/lookup.h"
#include "transport/address.h"
#include "transport/util.h"

/* --- The resolver --------------------------------------------------------------------------------- */

typedef struct {
    GResolver parent;
} Slow;

typedef struct {
    GResolverClass parent;
} SlowClass;

static GType slow_get_type(void);
G_DEFINE_TYPE(Slow, slow, G_TYPE_RESOLVER)

static unsigned cancelled;

static void on_cancelled(GCancellable *cancellable, gpointer user)
{
    GTask *task = user;
    (void)cancellable;
    cancelled++;
    g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
    g_object_unref(task);
}

static void add(GList **list, const char *text)
{
    *list = g_list_append(*list, g_inet_address_new_from_string(text));
}

static void free_addresses(gpointer list)
{
    g_resolver_free_addresses(list);
}

static void begin(GResolver *resolver, const gchar *host, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user)
{
    GTask *task = g_task_new(resolver, cancellable, callback, user);
    GList *list = NULL;
    g_task_set_check_cancellable(task, FALSE);
    if (strcmp(host, "never.example") == 0) {
        g_signal_connect(cancellable, "cancelled", G_CALLBACK(on_cancelled), task);
        return;
    }
    for (int i = 0; i < 10 && strcmp(host, "ten.example") == 0; i++) {
        char text[40];
        g_snprintf(text, sizeof text, i % 2 == 0 ? "192.0.2.%d" : "2001:db8::%d", i);
        add(&list, text);
    }
    if (list != NULL) {
        g_task_return_pointer(task, list, free_addresses);
    } else {
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
                                "nobody is called %s", host);
    }
    g_object_unref(task);
}

static GList *end(GResolver *resolver, GAsyncResult *result, GError **error)
{
    (void)resolver;
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void slow_class_init(SlowClass *class_)
{
    G_RESOLVER_CLASS(class_)->lookup_by_name_async = begin;
    G_RESOLVER_CLASS(class_)->lookup_by_name_finish = end;
}

static void slow_init(Slow *slow)
{
    (void)slow;
}

/* --- Cases ---------------------------------------------------------------------------------------- */

static struct strait__found last;
static char last_detail[200];
static unsigned n_found, running;
static struct strait_hooks hooks;

static void on_found(void *user, const struct strait__found *found)
{
    assert_ptr_equal(user, &last);
    last = *found;
    g_strlcpy(last_detail, found->detail != NULL ? found->detail : "", sizeof last_detail);
    n_found++;
}

static struct strait__lookup *look_up(GMainContext *context, const char *host)
{
    n_found = cancelled = 0;
    struct strait__lookup *lookup = strait__lookup_begin(&hooks, context, host, &running, on_found,
                                                         &last);
    assert_non_null(lookup);
    assert_int_equal(running, 1);
    assert_int_equal(n_found, 0);
    return lookup;
}

static void a_name_has_addresses(void **state)
{
    char text[STRAIT__ADDRESS_TEXT];
    GMainContext *context = *state;
    (void)look_up(context, "ten.example");
    while (running > 0) {
        g_main_context_iteration(context, TRUE);
    }
    assert_int_equal(n_found, 1);
    assert_int_equal(last.n, STRAIT__LOOKUP_ADDRESSES);
    assert_string_equal(strait__address_print(&last.addresses[0], text, sizeof text),
                        "192.0.2.0:0");
    assert_string_equal(strait__address_print(&last.addresses[1], text, sizeof text),
                        "[2001:db8::1]:0");
    assert_false(g_main_context_pending(context));
}

static void a_name_may_not_be_known(void **state)
{
    GMainContext *context = *state;
    (void)look_up(context, "none.example");
    while (running > 0) {
        g_main_context_iteration(context, TRUE);
    }
    assert_int_equal(n_found, 1);
    assert_int_equal(last.n, 0);
    assert_int_equal(last.error, STRAIT_E_NOT_FOUND);
    assert_string_equal(last_detail, "nobody is called none.example");
}

static void the_time_is_limited(void **state)
{
    GMainContext *context = *state;
    (void)look_up(context, "never.example");
    while (running > 0) {
        g_main_context_iteration(context, TRUE);
    }
    assert_int_equal(cancelled, 1);
    assert_int_equal(n_found, 1);
    assert_int_equal(last.n, 0);
    assert_int_equal(last.error, STRAIT_E_TIMEOUT);
    assert_non_null(strstr(last_detail, "not found in time"));
}

static void one_that_is_cancelled_is_not_told(void **state)
{
    GMainContext *context = *state;
    static const char *const hosts[] = { "never.example", "ten.example", "none.example" };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        strait__lookup_cancel(look_up(context, hosts[i]));
        for (int k = 0; k < 10 && running > 0; k++) {
            g_main_context_iteration(context, FALSE);
        }
        assert_int_equal(running, 0);
        assert_int_equal(n_found, 0);
    }
    strait__lookup_cancel(NULL);
}

static int set_up(void **state)
{
    GResolver *slow = g_object_new(slow_get_type(), NULL);
    g_resolver_set_default(slow);
    g_object_unref(slow);
    strait__hooks_init(&hooks, NULL);
    *state = g_main_context_new();
    return 0;
}

static int tear_down(void **state)
{
    g_main_context_unref(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_addresses),
        cmocka_unit_test(a_name_may_not_be_known),
        cmocka_unit_test(the_time_is_limited),
        cmocka_unit_test(one_that_is_cancelled_is_not_told),
    };
    return cmocka_run_group_tests_name("agent_lookup", tests, set_up, tear_down);
}
