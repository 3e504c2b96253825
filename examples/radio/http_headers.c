/* What the headers of a request say (RFC 9110). */
#include <string.h>
#include <strings.h>

#include "http.h"

bool http_is_type(const char *content_type, const char *type)
{
    const size_t len = strlen(type);

    return strncasecmp(content_type, type, len) == 0 && strchr("; \t", content_type[len]) != NULL;
}

/* The next element of a list that commas part, without the spaces around it; NULL at the end. */
static const char *next_element(const char *list, size_t *len)
{
    list += strspn(list, ", \t");
    *len = strcspn(list, ",");
    return *list != '\0' ? list : NULL;
}

/* A range that is refused has the weight 0, written with any number of digits. */
static bool weight_is_zero(const char *range, size_t len)
{
    const char *weight = memmem(range, len, "q=", 2);

    return weight && strspn(weight + 2, "0.") == strcspn(weight + 2, ", \t;");
}

bool http_accepts(const char *accept, const char *type)
{
    const size_t major = strcspn(type, "/") + 1;
    const char *range = accept;
    size_t len;

    if (accept[strspn(accept, " \t")] == '\0') {
        return true;
    }
    while ((range = next_element(range, &len)) != NULL) {
        const size_t name = strcspn(range, ",; \t");
        const bool any = name == 3 && strncmp(range, "*/*", 3) == 0;
        const bool some = name == major + 1 && strncasecmp(range, type, major) == 0 &&
                          range[major] == '*';
        const bool this_one = name == strlen(type) && strncasecmp(range, type, name) == 0;

        if ((any || some || this_one) && !weight_is_zero(range, len)) {
            return true;
        }
        range += len;
    }
    return false;
}

bool http_if_match(const char *if_match, const char *etag)
{
    const char *element = if_match;
    size_t len;

    while ((element = next_element(element, &len)) != NULL) {
        const size_t tag = strcspn(element, ", \t");

        if ((tag == 1 && element[0] == '*') ||
            (tag == strlen(etag) && strncmp(element, etag, tag) == 0)) {
            return true;
        }
        element += len;
    }
    return false;
}
