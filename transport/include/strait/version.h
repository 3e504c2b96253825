/* Version of the library and the visibility of its symbols. */
#ifndef STRAIT_VERSION_H
#define STRAIT_VERSION_H

#define STRAIT_VERSION_MAJOR 0
#define STRAIT_VERSION_MINOR 1
#define STRAIT_VERSION_PATCH 0

#if defined(__GNUC__) || defined(__clang__)
#define STRAIT_API __attribute__((visibility("default")))
#else
#define STRAIT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" of the library that runs, which may be newer than the header. Static storage. */
STRAIT_API const char *strait_version(void);

#ifdef __cplusplus
}
#endif
#endif
